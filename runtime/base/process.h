// Processes of ours: a child by pidfd, and programs that are run to their end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// How a process ended, as a shell counts it: its exit code, or 128 + the signal.
int exit_code_of(int wait_status);

// A child process. The destructor kills it with SIGKILL and reaps it, unless release() was called.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&& other) noexcept;
  ~Child() { kill_and_reap(); }

  pid_t pid() const { return pid_; }
  const Fd& pidfd() const { return pidfd_; }
  explicit operator bool() const { return pid_ > 0; }

  void signal(int number) const;
  // Waits for the end and returns the wait status; the object is empty then.
  int wait();
  // Lets it live on after this object.
  pid_t release();
  void kill_and_reap() noexcept;

 private:
  pid_t pid_ = 0;
  Fd pidfd_;
};

// clone3 with CLONE_PIDFD and SIGCHLD added to `flags` (CLONE_NEW*); where `cgroup` is valid,
// CLONE_INTO_CGROUP too. An empty optional in the child, as fork(2)'s 0. Never CLONE_VM.
std::optional<Child> clone_child(uint64_t flags, const Fd& cgroup);

// In a child: it is killed when `parent`, who made it, ends, and ends here where that has happened.
void end_with_parent(pid_t parent);

// Leaves without running destructors or atexit handlers of the parent's making.
[[noreturn]] void exit_now(int code);

// The start time of a process in clock ticks since boot (field 22 of /proc/PID/stat): together
// with the pid it names a process for good. Nothing where there is no such process; zombies and
// dead processes count as absent.
std::optional<uint64_t> process_start_time(pid_t pid);

struct Command {
  std::string path;               // absolute; not searched
  std::vector<std::string> args;  // argv, from argv[0] on; empty: {path}
  std::vector<std::string> env;
  std::string input;  // its stdin; a program that does not read it is fine
  std::optional<std::chrono::milliseconds> timeout;
  bool capture = true;  // stdout and stderr into the result, else both are inherited
  // Called when the program runs and before it is given its input; what it throws ends the program.
  std::function<void(pid_t pid)> started;
};

struct CommandResult {
  int wait_status = 0;
  bool timed_out = false;  // it was killed for that
  std::string output;      // stdout, then what follows; at most kOutputLimit bytes are kept
  std::string errors;      // stderr, likewise
  static constexpr size_t kOutputLimit = 64 << 10;
};

// Runs a program to its end. Throws where it cannot be executed: "execute PATH: ...".
CommandResult run_command(const Command& command);

// A char*[] over strings that must outlive it, for execve(2).
std::vector<char*> c_strings(const std::vector<std::string>& strings);

}  // namespace gocker
