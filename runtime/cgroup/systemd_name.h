// The names of a container's scope, the group that systemd makes for it (systemd.scope(5)).
#pragma once

#include <string>
#include <string_view>

#include "runtime/cgroup/cgroup_paths.h"

namespace gocker {

enum class SystemdInstance { system, user };

struct ScopeName {
  std::string unit;   // "libpod-c1.scope"
  std::string slice;  // "machine.slice"
};

// From linux.cgroupsPath: "SLICE:PREFIX:NAME", where an empty slice is system.slice (user.slice of
// a user's systemd) and an empty prefix leaves NAME alone; an empty path means "gocker-ID.scope".
// An error for any other form, and for what systemd does not take in a unit's name.
ScopeName plan_scope(const std::string& cgroups_path, const std::string& id,
                     SystemdInstance instance);

// "a-b.slice" -> "/a.slice/a-b.slice"; "-.slice" -> "".
std::string path_of_slice(const std::string& slice);

// Where that instance of systemd will make it: the unified hierarchy alone. `own_cgroups` is the
// content of /proc/self/cgroup, which names the group of a user's systemd. The group is not the
// container's own until systemd has made it: it may be another's that has the name. An error on
// hosts with cgroup v1.
CgroupPaths plan_scope_group(const ScopeName& name, SystemdInstance instance,
                             std::string_view own_cgroups);

}  // namespace gocker
