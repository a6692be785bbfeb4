// Which groups a process is in, and whether the caller may move it (cgroups(7), "/proc files" and
// "Cgroups delegation").
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/cgroup/cgroup_host.h"

namespace gocker {

// The group in a hierarchy, by the text of /proc/PID/cgroup: that of "" is "/user.slice" for the
// line "0::/user.slice". Empty where the hierarchy isn't listed.
std::string group_of(std::string_view proc_cgroup, std::string_view controllers);

// Where the host has mounted it.
std::string directory_of(const CgroupHost::Hierarchy& hierarchy, std::string group);

// The directory of a process's group of v2; empty where there is no cgroup2, or no such process.
std::string unified_directory_of(pid_t pid, const CgroupHost& host = cgroup_host());

// "/a/b" and "/a/c/d" -> "/a".
std::string directory_above_both(const std::string& one, const std::string& other);

// Whether a process in the group of v2 `from` may be moved, or be cloned, into the group `to`: the
// kernel asks for write access to the list of processes of `to`, and of the group above both. An
// ordinary user has that only within what was delegated to it, where a login session's group is
// not.
bool may_move(const std::string& from, const std::string& to);

}  // namespace gocker
