// Waiting for a process in the foreground, as `run` and `exec` do.
#pragma once

#include "runtime/base/process.h"
#include "runtime/linux/foreground.h"

namespace gocker::cli {

// Until the process ends: signals go on to it, and where `controller` is valid, the caller's
// terminal is its terminal. Returns its exit code, 128 + the signal where one ended it.
int attend(Child& process, const ForegroundSignals& signals, Fd controller);

}  // namespace gocker::cli
