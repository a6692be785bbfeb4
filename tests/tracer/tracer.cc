#include "tests/tracer/tracer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "tests/tracer/system_call.h"

namespace gocker::tracer {
namespace {

constexpr int kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;

// Calls that never return, that the kernel never fails, and those by which libc itself starts and
// manages memory. Close fails in name only: the descriptor is gone all the same.
bool is_no_step(const std::string& name) {
  constexpr std::array<std::string_view, 22> kNoSteps{
      "exit",   "exit_group", "rt_sigreturn", "close",      "getpid",          "getppid",
      "gettid", "getuid",     "geteuid",      "getgid",     "getegid",         "umask",
      "brk",    "mmap",       "munmap",       "mprotect",   "set_tid_address", "set_robust_list",
      "rseq",   "futex",      "arch_prctl",   "sched_yield"};
  return std::find(kNoSteps.begin(), kNoSteps.end(), name) != kNoSteps.end();
}

}  // namespace

// The program waits for a byte until it is traced.
void Tracer::start(const std::vector<std::string>& command) {
  std::array<int, 2> ends;
  check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  const Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  program_ = check(::fork(), "fork");
  if (program_ == 0) {
    char byte = 0;
    if (::read(read_end.get(), &byte, 1) != 1) exit_now(127);
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // leaks can't be looked for under ptrace
    const std::vector<char*> args = c_strings(command);
    ::execv(args[0], args.data());
    exit_now(127);
  }
  find_or_add(program_);
  check(::ptrace(PTRACE_SEIZE, program_, 0, kOptions), "ptrace SEIZE");
  check(::ptrace(PTRACE_INTERRUPT, program_, 0, 0), "ptrace INTERRUPT");
  check(::write(write_end.get(), "g", 1), "write");
}

int Tracer::run(const std::vector<std::string>& command) {
  start(command);
  while (true) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    check(pid, "waitpid");
    if (WIFSTOPPED(status)) {
      handle_stop(pid, status);
      continue;
    }
    tracees_.erase(pid);
    if (pid == program_) return exit_code_of(status);
  }
}

Tracer::Tracee& Tracer::find_or_add(pid_t pid) {
  const auto [place, added] = tracees_.try_emplace(pid);
  if (added) place->second.process = processes_++;
  return place->second;
}

// ESRCH: it was killed meanwhile, and waitpid will tell.
void Tracer::go_on(pid_t pid, int signal) const {
  if (::ptrace(PTRACE_SYSCALL, pid, 0, signal) != 0 && errno != ESRCH) {
    throw_errno("ptrace SYSCALL");
  }
}

void Tracer::handle_stop(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  find_or_add(pid);
  if (signal == (SIGTRAP | 0x80)) {
    handle_call(pid);
  } else if (event != 0) {
    handle_event(pid, event, signal);
  } else {
    go_on(pid, signal);
  }
}

void Tracer::handle_event(pid_t pid, int event, int signal) {
  constexpr int kEventStop = 128;  // PTRACE_EVENT_STOP
  if (event == kEventStop && signal != SIGTRAP) {
    // It was stopped by a signal, and waits for SIGCONT.
    if (::ptrace(PTRACE_LISTEN, pid, 0, 0) != 0 && errno != ESRCH) throw_errno("ptrace LISTEN");
    return;
  }
  if (event == PTRACE_EVENT_EXEC) {
    if (pid == program_) {
      counting_ = rules_.from.empty();
    } else if (rules_.leave_at_exec) {
      ::ptrace(PTRACE_DETACH, pid, 0, 0);
      return;
    }
  }
  go_on(pid);
}

void Tracer::handle_call(pid_t pid) {
  Tracee& tracee = tracees_.at(pid);
  const std::optional<CallArguments> call = read_call_at_entry(pid);
  if (call) {
    enter_call(pid, tracee, *call);
  } else if (const int error = std::exchange(tracee.error, 0)) {
    set_error(pid, error);
  }
  go_on(pid);
}

void Tracer::enter_call(pid_t pid, Tracee& tracee, const CallArguments& call) {
  if (!counting_) {
    const std::string& from = rules_.from;
    counting_ = pid == program_ && !from.empty() && call.path.find(from) != std::string::npos;
    return;
  }
  if (is_no_step(call.name)) return;
  ++tracee.calls;
  const Verdict verdict = rules_.judge({{tracee.process, tracee.calls}, call.name, call.path});
  if (verdict.kind == Verdict::Kind::kill_program) {
    check(::kill(program_, SIGKILL), "kill");
  } else if (verdict.kind == Verdict::Kind::fail) {
    suppress_call(pid);
    tracee.error = verdict.error;
  }
}

}  // namespace gocker::tracer
