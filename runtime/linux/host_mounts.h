// What stays mounted of the host where pivot_root(2) can't be used.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/rooted_path.h"

namespace gocker {

// The mount points of procfs and sysfs in a /proc/PID/mountinfo, but for those at or below `root`.
std::vector<std::string> procfs_and_sysfs_mounts(std::string_view mountinfo, std::string_view root);

// Unmounts the host's procfs and sysfs, or covers them: a process that leaves its chroot must not
// find them.
void hide_host_mounts(const RootDir& root);

}  // namespace gocker
