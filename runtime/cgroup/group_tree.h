// The groups below a group, which a container may have made in any number and depth.
#pragma once

#include <functional>
#include <string>

#include "runtime/cgroup/group_directory.h"

namespace gocker {

struct GroupVisitor {
  // Called for every group, the top one last; those below a group come before it.
  std::function<void(const Fd& group)> visit;
  // Called for every group but the top one, after its visit.
  std::function<void(const Fd& parent, const std::string& name)> leave;
};

// Needs two descriptors, however deep the groups are nested. Groups that vanish on the way are
// skipped.
void walk_groups(const GroupDirectory& top, const GroupVisitor& visitor);

// Removes a group and all below it, as far as they hold no process: 0, or EBUSY where one does. A
// group that is not there is fine; every other failure throws.
int remove_group_tree(const std::string& directory);

}  // namespace gocker
