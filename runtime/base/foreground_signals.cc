#include "runtime/base/foreground_signals.h"

#include <sys/signalfd.h>

#include "runtime/base/error.h"

namespace gocker {
namespace {

// What is raised by the caller's own fault, and what has no use when it is read later.
constexpr int kNotForwarded[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                 SIGTRAP, SIGABRT, SIGSYS, SIGPIPE};

}  // namespace

ForegroundSignals::ForegroundSignals() {
  sigset_t forwarded;
  ::sigfillset(&forwarded);
  for (const int number : kNotForwarded) ::sigdelset(&forwarded, number);
  fd_ = Fd(check(::signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd"));
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  check(::sigaction(SIGPIPE, &ignore, &pipe_before_), "sigaction");
  check(::sigprocmask(SIG_BLOCK, &forwarded, &before_), "sigprocmask");
}

ForegroundSignals::~ForegroundSignals() {
  if (descriptors_are_left_to_exit()) return;  // and so is this
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
}

}  // namespace gocker
