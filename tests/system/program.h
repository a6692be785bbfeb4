// Programs that the tests start and watch. Nothing here waits for ever.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker::test {

// Longer than anything takes that works, also on a busy machine, in a virtual one without KVM, or
// with the sanitizers.
inline constexpr std::chrono::seconds kPatience{60};

// Asks every few milliseconds until the answer is yes; false where that did not come in time.
bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds time = kPatience);

struct Program {
  std::vector<std::string> args;  // args[0] is the absolute path
  std::vector<std::string> env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  std::string directory;      // to start in; empty: the same
  int input = -1;             // -1: /dev/null
  int output = -1;            // -1: kept for Outcome::out
  int errors = -1;            // -1: kept for Outcome::err
  std::vector<int> more_fds;  // become 3, 4, ...
  enum class Session { same, own_terminal } session = Session::same;  // own: of `input`
};

struct Outcome {
  int code = -1;  // the exit code, or 128 + the signal that ended it
  bool timed_out = false;
  std::string out;
  std::string err;
  explicit operator bool() const { return code == 0; }
};
std::ostream& operator<<(std::ostream& stream, const Outcome& outcome);

// A program that runs. The destructor kills it, but not what it started.
class Running {
 public:
  explicit Running(const Program& program);
  Running(Running&&) = default;
  Running& operator=(Running&&) = delete;
  ~Running();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  bool ends_within(std::chrono::milliseconds time) const;
  std::string output() const;  // so far
  std::string errors() const;
  // Waits for the end; kills it where that takes too long.
  Outcome wait(std::chrono::milliseconds time = kPatience);

 private:
  int reap();

  pid_t pid_ = 0;
  Fd pidfd_;
  Fd output_;
  Fd errors_;
};

Outcome run_program(const Program& program);

// Children of this process that no Running waits for: it is the subreaper of all that it starts
// (main.cc), so what a runtime leaves behind becomes its own. Those that have ended are taken from
// the process table, the others are returned.
std::vector<pid_t> live_orphans();
// Runs a program and meanwhile reaps orphans, as an engine's monitor does: the kernel ends no pid
// namespace before its zombies are reaped, and who waits for that would wait for us.
Outcome run_program_reaping(const Program& program);

}  // namespace gocker::test
