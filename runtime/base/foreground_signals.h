// The signals of a program that waits in the foreground for another one and passes them on.
#pragma once

#include <signal.h>

#include "runtime/base/fd.h"

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

  // To be polled; non-blocking. Each read(2) gives one signalfd_siginfo.
  const Fd& fd() const { return fd_; }
  const sigset_t& mask_before() const { return before_; }

 private:
  Fd fd_;
  sigset_t before_;
  struct sigaction pipe_before_;
};

}  // namespace gocker
