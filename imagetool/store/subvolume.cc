#include "imagetool/store/subvolume.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr ino_t kSubvolumeRoot =
    256;  // the inode of each subvolume's root (BTRFS_FIRST_FREE_OBJECTID)

template <class Arguments>
void set_name(Arguments& arguments, const std::string& name) {
  if (name.size() >= sizeof arguments.name) throw_errno_value(ENAMETOOLONG, "subvolume", name);
  std::copy(name.begin(), name.end(), arguments.name);
}

}  // namespace

bool share_btrfs(const Fd& one, const Fd& other) {
  struct statfs first {};
  struct statfs second {};
  check(::fstatfs(one.get(), &first), "statfs");
  check(::fstatfs(other.get(), &second), "statfs");
  // The last bits of the id tell subvolumes of one file system apart: what is asked for is whether
  // the device is the same, and that its first half says.
  return first.f_type == BTRFS_SUPER_MAGIC && second.f_type == BTRFS_SUPER_MAGIC &&
         std::memcmp(&first.f_fsid, &second.f_fsid, sizeof first.f_fsid / 2) == 0;
}

void make_subvolume(const Fd& directory, const std::string& name) {
  btrfs_ioctl_vol_args arguments{};
  set_name(arguments, name);
  check(::ioctl(directory.get(), BTRFS_IOC_SUBVOL_CREATE, &arguments), "make subvolume", name);
}

void snapshot_subvolume(const Fd& source, const Fd& directory, const std::string& name) {
  btrfs_ioctl_vol_args_v2 arguments{};
  arguments.fd = source.get();
  set_name(arguments, name);
  check(::ioctl(directory.get(), BTRFS_IOC_SNAP_CREATE_V2, &arguments), "snapshot", name);
}

bool remove_subvolume(const Fd& directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return true;
    throw_errno("stat", name);
  }
  if (!S_ISDIR(status.st_mode) || status.st_ino != kSubvolumeRoot) return false;
  btrfs_ioctl_vol_args arguments{};
  set_name(arguments, name);
  if (::ioctl(directory.get(), BTRFS_IOC_SNAP_DESTROY, &arguments) == 0) return true;
  if (errno == ENOTTY || errno == EINVAL) return false;  // another file system's inode 256
  throw_errno("remove subvolume", name);
}

}  // namespace gocker
