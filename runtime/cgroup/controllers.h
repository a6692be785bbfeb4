// Controllers of the unified hierarchy: a group has those that every group above it hands down in
// cgroup.subtree_control.
#pragma once

#include <string>
#include <string_view>

#include "runtime/cgroup/cgroup_paths.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {

// Hands everything down that is to be had, so that it is accounted for and a container can use it
// in groups of its own. What the kernel refuses is left: a limit that needs it says so.
void hand_down_all_controllers(const GroupDirectory& group);

// False where the hierarchy does not have the controller. Throws where the kernel refuses.
bool hand_down_controller(const GroupDirectory& group, const std::string& controller);

// The group with the control files of a v1 controller, nothing where it is not mounted.
std::optional<GroupDirectory> open_v1_group(const CgroupPaths& paths, std::string_view controller);

// "no NAME controller on this host", or among those that the caller may write to.
std::string no_controller(std::string_view controller);

// The unified group, with the controller handed down. Throws "ORIGIN: no NAME controller on this
// host"; the origin is the JSON path of what asks for it.
GroupDirectory open_unified_group(const CgroupPaths& paths, const std::string& controller,
                                  const std::string& origin);

}  // namespace gocker
