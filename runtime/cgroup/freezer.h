// Freezing the processes of a container: cgroup.freeze of v2 (kernel 5.2) where the container has a
// unified group, else the freezer controller of v1.
#pragma once

#include "runtime/cgroup/cgroup_paths.h"

namespace gocker {

// Returns once all are frozen; after ten seconds they are thawed again and it is an error.
void freeze_groups(const CgroupPaths& paths);
// Thaws by either controller, whichever froze them.
void thaw_groups(const CgroupPaths& paths);
bool are_frozen(const CgroupPaths& paths);

// v1: SIGKILL does not reach a frozen process, also where the container froze a group of its own.
void thaw_v1_groups_below(const CgroupPaths& paths);

}  // namespace gocker
