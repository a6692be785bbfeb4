#include "runtime/linux/foreground.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "runtime/base/error.h"

namespace gocker {
namespace {

std::optional<int> next_signal(const Fd& signals) {
  signalfd_siginfo info{};
  const ssize_t got = ::read(signals.get(), &info, sizeof info);
  if (got != sizeof info) return std::nullopt;  // EAGAIN: somebody was quicker
  return static_cast<int>(info.ssi_signo);
}

// One of them: poll(2) tells of the next.
void handle_signal(const Fd& signals, const std::function<void(int)>& pass_on,
                   TerminalProxy* terminal) {
  const std::optional<int> number = next_signal(signals);
  if (!number || *number == SIGCHLD) return;  // the end of the process shows at its pidfd
  if (*number == SIGWINCH && terminal != nullptr) {
    terminal->resize();
  } else {
    pass_on(*number);
  }
}

}  // namespace

void wait_in_foreground(const Fd& pidfd, const ForegroundSignals& signals,
                        const std::function<void(int)>& pass_on, TerminalProxy* terminal,
                        const Companion* companion) {
  constexpr TerminalProxy::PollSet kNoTerminal = {pollfd{-1, 0, 0}, pollfd{-1, 0, 0}};
  bool ended = false;
  while (!ended) {
    const auto [input, pty] = terminal != nullptr ? terminal->poll_set() : kNoTerminal;
    std::array<pollfd, 5> polled = {
        input, pty, pollfd{signals.fd().get(), POLLIN, 0}, pollfd{pidfd.get(), POLLIN, 0},
        pollfd{companion != nullptr ? companion->fd.get() : -1, POLLIN, 0}};
    const int timeout = terminal != nullptr ? terminal->timeout_milliseconds() : -1;
    if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) throw_errno("poll");
    if (terminal != nullptr) terminal->serve({polled[0], polled[1]});
    if (polled[2].revents != 0) handle_signal(signals.fd(), pass_on, terminal);
    if (companion != nullptr && polled[4].revents != 0) companion->on_readable();
    ended = polled[3].revents != 0;
  }
  if (terminal != nullptr) terminal->drain();
}

}  // namespace gocker
