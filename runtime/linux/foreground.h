// Waiting for a process that runs in the foreground: signals go on to it, its terminal is served.
#pragma once

#include <functional>

#include "runtime/base/fd.h"
#include "runtime/base/foreground_signals.h"
#include "runtime/linux/terminal_proxy.h"

namespace gocker {

// A descriptor more to be looked after meanwhile.
struct Companion {
  const Fd& fd;
  std::function<void()> on_readable;
};

// Returns when the process has ended (it is still to be reaped) and `terminal`, which may be null,
// is drained. Each signal is handed to `pass_on`, except SIGCHLD, and SIGWINCH where there is a
// terminal to be resized.
void wait_in_foreground(const Fd& pidfd, const ForegroundSignals& signals,
                        const std::function<void(int)>& pass_on, TerminalProxy* terminal,
                        const Companion* companion = nullptr);

}  // namespace gocker
