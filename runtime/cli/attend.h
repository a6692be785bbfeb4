// Waiting for a process in the foreground, as `run` and `exec` do.
#pragma once

#include <optional>

#include "runtime/base/process.h"
#include "runtime/linux/foreground.h"

namespace gocker::cli {

// Until the process ends: signals go on to it, and `terminal`, where there is one, is served.
// Returns its exit code, 128 + the signal where one ended it.
int attend(Child& process, const ForegroundSignals& signals, std::optional<TerminalProxy>& terminal,
           const Companion* companion = nullptr);

}  // namespace gocker::cli
