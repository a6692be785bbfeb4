#include "imagetool/containers/attended_run.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "imagetool/containers/program_error.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/foreground_signals.h"
#include "runtime/base/process.h"
#include "runtime/base/syscalls.h"

namespace gocker {
namespace {

// What a terminal sends goes to the whole process group: the runtime has it already.
bool is_for_all(const signalfd_siginfo& info) {
  return info.ssi_code == SI_KERNEL;
}

void pass_on(const ForegroundSignals& signals, const Child& child) {
  signalfd_siginfo info{};
  while (::read(signals.fd().get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD || is_for_all(info)) continue;
    sys::pidfd_send_signal(child.pidfd().get(), static_cast<int>(info.ssi_signo));
  }
}

// posix_spawn(3) shares the memory until the program is executed, where fork(2) would copy the
// tables of all of it.
Child spawn(const std::vector<std::string>& command_line, const ForegroundSignals& signals,
            Input input) {
  posix_spawn_file_actions_t streams;
  ::posix_spawn_file_actions_init(&streams);
  if (input == Input::none) {
    ::posix_spawn_file_actions_addopen(&streams, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
  ::posix_spawnattr_setsigmask(&attributes, &signals.mask_before());
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const std::vector<char*> args = c_strings(command_line);
  pid_t pid = 0;
  const int code = ::posix_spawn(&pid, args[0], &streams, &attributes, args.data(), ::environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&streams);
  if (code != 0) throw_errno_value(code, "execute", command_line[0]);
  return {pid, Fd(sys::pidfd_open(pid))};
}

// The wait status.
int call(const std::vector<std::string>& command_line, Input input) {
  const ForegroundSignals signals;
  Child child = spawn(command_line, signals, input);
  for (;;) {
    std::array<pollfd, 2> polled = {pollfd{child.pidfd().get(), POLLIN, 0},
                                    pollfd{signals.fd().get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    if (polled[1].revents != 0) pass_on(signals, child);
    if (polled[0].revents != 0) return child.wait();
  }
}

}  // namespace

ProgramEnd run_attended(const OciRuntime& runtime, const std::vector<std::string>& words,
                        Input input) {
  // An exit code alone may be the program's own.
  const Fd log(check(::memfd_create("runtime-log", MFD_CLOEXEC), "memfd_create"));
  std::vector<std::string> command_line = runtime.command_line();
  command_line.push_back("--log=" + descriptor_path_for_others(log));
  command_line.emplace_back("--log-format=json");
  command_line.insert(command_line.end(), words.begin(), words.end());
  const int status = call(command_line, input);
  if (WIFSIGNALED(status)) return {exit_code_of(status), true};
  const std::string error = last_error_in(read_all(log, "the runtime's log"));
  return {error.empty() ? exit_code_of(status) : exit_code_of_failure(error), false};
}

std::string descriptor_path_for_others(const Fd& fd) {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd.get());
}

}  // namespace gocker
