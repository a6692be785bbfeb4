// What a child of the launcher does first, whether it becomes a container's init or one more
// process in it.
#pragma once

#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// No signal is blocked or ignored: what the launcher waits for is its own affair.
void reset_signals();

// v1: "0" means the writer. In `tasks`, by a process with one thread, it spares the RCU wait that
// cgroup.procs has. To be done before a cgroup namespace is made: its root is where we are.
void join_v1_groups(const std::vector<Fd>& tasks_files);

}  // namespace gocker
