// What stays mounted of the host where pivot_root(2) can't be used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// A line of /proc/PID/mountinfo, as far as it matters here.
struct MountInfo {
  uint64_t id = 0;
  uint64_t parent = 0;
  std::string mount_point;
  std::string type;
};
std::vector<MountInfo> parse_mountinfo(std::string_view text);

// The id in such a table of the mount that `fd` is in.
uint64_t mount_id(const Fd& fd);

// The mount points of procfs and sysfs, but for those that are mounted somewhere in the tree of the
// mount `root`.
std::vector<std::string> procfs_and_sysfs_outside(const std::vector<MountInfo>& table,
                                                  uint64_t root);

// Unmounts the host's procfs and sysfs, or covers them: a process that leaves its chroot must not
// find them. `root` is the top of a mount.
void hide_host_mounts(const RootDir& root);

}  // namespace gocker
