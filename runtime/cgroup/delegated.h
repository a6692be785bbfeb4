// Control groups for who is not root of the host: below those that were given to the user, as
// `systemd-run --user --scope -p Delegate=yes` does (cgroups(7), "Cgroups delegation").
#pragma once

#include <string>

#include "runtime/cgroup/cgroup_paths.h"

namespace gocker {

// A group named `id` in each hierarchy where the caller may make one near its own group: of v2
// beside it, since controllers can't be handed down from a group with processes; else below it.
// Hierarchies that are closed to the caller are left out; there may be none at all.
CgroupPaths plan_delegated_cgroups(const std::string& id, const CgroupHost& host = cgroup_host());

}  // namespace gocker
