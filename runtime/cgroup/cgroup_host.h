// The control group hierarchies that this process can reach (cgroups(7)). For planning groups, for
// `features` and for `check`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gocker {

struct CgroupHost {
  struct Hierarchy {
    std::string controllers;  // "cpu,cpuacct", "name=systemd"; empty: the unified hierarchy (v2)
    std::string mount_point;
    std::string root;  // what of it is mounted: "/" but inside containers; empty: not asked for
    bool operator==(const Hierarchy&) const = default;
  };
  std::vector<Hierarchy> hierarchies;  // each once, though it may be mounted at several places

  bool unified_only() const;
  // The hierarchy that holds the controller ("memory", "name=systemd"; empty for the unified one).
  const Hierarchy* find(std::string_view controller) const;
};

// From the text of a mountinfo file (proc(5)). Mounts that others hide do not count; among several
// of one hierarchy, those below /sys/fs/cgroup and the writable ones win.
CgroupHost parse_cgroup_host(std::string_view mountinfo);

// This process's own, found once: a cgroup2 at /sys/fs/cgroup, else by /proc/self/mountinfo.
const CgroupHost& cgroup_host();

// Whether a list such as "cpu,cpuacct" names `controller`.
bool names_controller(std::string_view controllers, std::string_view controller);

}  // namespace gocker
