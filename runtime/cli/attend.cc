#include "runtime/cli/attend.h"

#include "runtime/base/syscalls.h"

namespace gocker::cli {

int attend(Child& process, const ForegroundSignals& signals, std::optional<TerminalProxy>& terminal,
           const Companion* companion) {
  const auto pass_on = [&](int signal) {
    // It may have ended this very moment.
    sys::pidfd_send_signal(process.pidfd().get(), signal);
  };
  wait_in_foreground(process.pidfd(), signals, pass_on, terminal ? &*terminal : nullptr, companion);
  return exit_code_of(process.wait());
}

}  // namespace gocker::cli
