// Where the groups of a container are (config-linux.md, "Cgroups Path").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cgroup/cgroup_host.h"

namespace gocker {

// One directory a hierarchy. It is recorded in the state before anything is made, so that
// `delete --force` finds it after a SIGKILL.
struct CgroupPaths {
  struct Hierarchy {
    std::string controllers;  // "cpu,cpuacct", "name=systemd"; empty: the unified hierarchy (v2)
    std::string directory;    // absolute on the host: /sys/fs/cgroup/cpu/user/c1
    // Made for this container, and removed with it. A group that was there before is only joined:
    // it outlives the container, and kill_all() leaves alone who is in it.
    bool owned = true;
    bool operator==(const Hierarchy&) const = default;
  };
  std::vector<Hierarchy> hierarchies;
  bool operator==(const CgroupPaths&) const = default;

  const Hierarchy* find(std::string_view controller) const;  // "memory"; "" for unified
  bool unified_only() const { return hierarchies.size() == 1 && find("") != nullptr; }
};

// The groups for linux.cgroupsPath. Absolute and relative paths alike start at the root of each
// hierarchy's mount; an empty one means "/ID". The form that is meant for systemd
// ("slice:prefix:name") is a name, with a warning. Errors: "..", the root group itself, a host
// without control groups.
CgroupPaths plan_cgroups(const std::string& cgroups_path, const std::string& id,
                         const CgroupHost& host = cgroup_host());

// The groups below a container's that `exec --cgroup` names: "sub/group" in every hierarchy that
// has it, "cpu:sub/group" in one. The others stay as they are. Errors: "..", a group that is in
// none.
CgroupPaths groups_below(const CgroupPaths& paths, const std::vector<std::string>& names);

}  // namespace gocker
