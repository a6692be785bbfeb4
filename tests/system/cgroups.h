// The host's control groups, in whatever shape the machine has them.
#pragma once

#include <string>
#include <vector>

namespace gocker::test {

// One cgroup2 tree at /sys/fs/cgroup and no cgroup v1 hierarchies.
bool cgroups_are_unified();
bool has_controller(const std::string& controller);
// The directory of a group in the hierarchy of the controller; "" where the machine lacks that.
std::string cgroup_directory(const std::string& controller, const std::string& cgroups_path);
// Every cgroup directory, in whatever hierarchy, with `id` in its path.
std::vector<std::string> cgroups_with(const std::string& id);

}  // namespace gocker::test
