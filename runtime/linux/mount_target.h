// Where the mounts of a container go: resolved below its root, once, with the rules that keep an
// image or a volume from standing in for /proc and /sys (config.md, "Mounts"; CVE-2019-16884,
// CVE-2019-19921, CVE-2023-28642).
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// Absolute, without ".", "..", doubled and trailing slashes. Relative ones start at "/".
std::string normal_destination(std::string_view destination);

struct MountTarget {
  Fd fd;  // O_PATH; none where nothing is there
  // Only a procfs may be mounted here: /proc, or something below it that is not one of the few
  // files which are commonly replaced (lxcfs).
  bool for_procfs_only = false;
};

// Of a destination that is a symlink: what it points to, or the link itself.
enum class LastLink { follow, keep };

// `destination` must be a normal one. /proc and /sys themselves must be no symlinks.
MountTarget find_mount_target(const RootDir& root, const std::string& destination,
                              LastLink link = LastLink::follow);

// The same, but makes what is missing, owned by root: directories 0755, a file 0644.
enum class TargetKind { directory, file };
MountTarget make_mount_target(const RootDir& root, const std::string& destination, TargetKind kind,
                              LastLink link = LastLink::follow);

// Makes an entry of that kind in a directory. False where something is there already: a symlink
// that points to nothing, or what somebody else has just made.
bool make_mount_point(const Fd& directory, const std::string& name, TargetKind kind);

bool is_procfs(const Fd& fd);

}  // namespace gocker
