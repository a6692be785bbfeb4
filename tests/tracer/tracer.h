// Runs a program step by step, system call by system call, with all the processes that it makes.
//
// A step is named PROCESS:CALL: the processes count from 0 in the order in which they came to be,
// each one's calls from 1. So the steps of two runs of the same command are the same, however their
// processes take turns.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/tracer/system_call.h"

namespace gocker::tracer {

struct Step {
  unsigned process = 0;
  unsigned call = 0;
  bool operator==(const Step&) const = default;
};

struct SystemCall {
  Step step;
  std::string name;  // "openat2"; "call 999" where nobody knows it
  std::string path;  // of the calls that take one: the first that they name
};

// What becomes of a call that is about to happen.
struct Verdict {
  enum class Kind { let_go, fail, kill_program } kind = Kind::let_go;
  int error = 0;  // errno of a failure
};

struct Rules {
  // Processes but the first are let go when they execute a program: what they do then is not the
  // traced program's work. The first one may, to replace itself.
  bool leave_at_exec = false;
  // The first program's calls are steps only once one has named a path with this in it; so it is
  // again when it executes a program. Empty: from the start.
  std::string from;
  // Asked before each call.
  std::function<Verdict(const SystemCall&)> judge;
};

// Returns the exit code of the program, or 128 + the signal that ended it; the processes that
// outlive it go on untraced.
class Tracer {
 public:
  explicit Tracer(Rules rules) : rules_(std::move(rules)) {}
  int run(const std::vector<std::string>& command);

 private:
  struct Tracee {
    unsigned process = 0;
    unsigned calls = 0;
    int error = 0;  // to be the result of the call that it is in
  };

  void start(const std::vector<std::string>& command);
  void handle_stop(pid_t pid, int status);
  void handle_event(pid_t pid, int event, int signal);
  void handle_call(pid_t pid);
  void enter_call(pid_t pid, Tracee& tracee, const CallArguments& call);
  Tracee& find_or_add(pid_t pid);
  void go_on(pid_t pid, int signal = 0) const;

  Rules rules_;
  pid_t program_ = 0;
  bool counting_ = false;  // from the program's own first instruction, or `from`, on
  unsigned processes_ = 0;
  std::map<pid_t, Tracee> tracees_;
};

}  // namespace gocker::tracer
