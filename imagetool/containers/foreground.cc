#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "imagetool/containers/keeper.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/start.h"
#include "imagetool/containers/transition.h"
#include "imagetool/containers/wiring.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/foreground_signals.h"
#include "runtime/base/process.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

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

[[noreturn]] void execute(const std::vector<char*>& args, const ForegroundSignals& signals,
                          bool interactive) {
  ::sigprocmask(SIG_SETMASK, &signals.mask_before(), nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (!interactive) ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  ::execv(args[0], args.data());
  exit_now(errno == ENOENT ? 127 : 126);
}

// The wait status of the runtime's `run`.
int run_to_the_end(const Places& places, const ContainerRecord& record) {
  std::vector<std::string> words = OciRuntime(places).command_line();
  words.insert(words.end(), {"run", "--bundle", places.bundle(record.id), record.id});
  const std::vector<char*> args = c_strings(words);
  const ForegroundSignals signals;
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) execute(args, signals, record.interactive);
  for (;;) {
    std::array<pollfd, 2> polled = {pollfd{child->pidfd().get(), POLLIN, 0},
                                    pollfd{signals.fd().get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    if (polled[1].revents != 0) pass_on(signals, *child);
    if (polled[0].revents != 0) return child->wait();
  }
}

// The network's end takes longer than all else; nobody is to wait for it. The journal's entry lasts
// until it is done.
void disconnect_in_background(const Places& places, const std::string& id, Transition& transition) {
  if (std::optional<Child> child = clone_child(0, Fd())) {
    child->release();
    transition.hand_over();
    return;
  }
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  Doing::start_anew();
  try {
    disconnect_network(places, id);
    transition.finish();
  } catch (const std::exception&) {
    exit_now(1);  // the next command tries again
  }
  exit_now(0);
}

}  // namespace

int run_in_foreground(const Places& places, ContainerRecord& record, Transition making) {
  std::vector<Fd> ports;
  try {
    ports = connect_network(places, record);
    set_keeper(places, record.id, ::getpid());
    record.started = rfc3339_now();
    record.boot_id = current_boot_id();
    write_record(places, record);
  } catch (...) {
    remove_container(places, record.id);
    throw;
  }
  making.finish();

  const int status = run_to_the_end(places, record);
  Transition transition(places, record.id, "remove");
  announce_end(places, record.id, exit_code_of(status));
  // A runtime that was killed has left its container behind.
  if (WIFSIGNALED(status)) OciRuntime(places).remove(record.id);
  if (read_record(places, record.id)) remove_ended_container(places, record);
  if (!ports.empty()) {
    // Whoever runs the same command again finds the ports free.
    ports.clear();
    disconnect_network(places, record.id);
  } else if (record.network.has_namespace()) {
    disconnect_in_background(places, record.id, transition);
  }
  return exit_code_of(status);
}

}  // namespace gocker
