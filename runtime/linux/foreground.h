// Waiting for a process that runs in the foreground: signals go on to it, its terminal is served.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>

#include "runtime/base/fd.h"
#include "runtime/linux/terminal_proxy.h"

namespace gocker {

// Blocks every signal that can be passed on and reads them from a descriptor instead; the mask is
// as before after destruction. A process that is started meanwhile inherits the mask: it puts back
// `mask_before()`. SIGPIPE is ignored instead, as the caller's stdout may be gone.
class ForegroundSignals {
 public:
  ForegroundSignals();
  ForegroundSignals(const ForegroundSignals&) = delete;
  ForegroundSignals& operator=(const ForegroundSignals&) = delete;
  ~ForegroundSignals();

  const Fd& fd() const { return fd_; }
  const sigset_t& mask_before() const { return before_; }

 private:
  Fd fd_;
  sigset_t before_;
  struct sigaction pipe_before_;
};

// Returns when the process has ended (it is still to be reaped) and `terminal`, which may be null,
// is drained. Each signal is handed to `pass_on`, except SIGCHLD, and SIGWINCH where there is a
// terminal to be resized.
void wait_in_foreground(const Fd& pidfd, const ForegroundSignals& signals,
                        const std::function<void(int)>& pass_on, TerminalProxy* terminal);

}  // namespace gocker
