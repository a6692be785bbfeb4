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

// Of a control file; "unreadable" where it can't be read.
std::string first_line(const std::string& path);
bool any_line_is(const std::string& path, const std::string& wanted);

}  // namespace gocker::test
