#include "imagetool/bundle/mount_point.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

bool is_mount_point(const Fd& directory, const std::string& name) {
  struct statx status {};
  if (::statx(directory.get(), name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE,
              &status) != 0) {
    if (errno == ENOENT) return false;
    throw_errno("stat", name);
  }
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

void attach_mount(const Fd& mount, const Fd& directory, const std::string& name) {
  check(::move_mount(mount.get(), "", directory.get(), name.c_str(), MOVE_MOUNT_F_EMPTY_PATH),
        "mount on", name);
}

void detach_mounts(const Fd& directory, const std::string& name) {
  // An open descriptor of the mount itself would keep it busy: the path goes by its parent's.
  const std::string path = descriptor_path(directory) + "/" + name;
  while (is_mount_point(directory, name)) {
    if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) continue;
    if (errno != EBUSY) throw_errno("unmount", name);
    throw Error("unmount " + name +
                    ": it is in use; end what runs in it and unmount what is mounted below it",
                EBUSY);
  }
}

void let_go_of_mount(const Fd& directory, const std::string& name) noexcept {
  const std::string path = descriptor_path(directory) + "/" + name;
  ::umount2(path.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH);
}

}  // namespace gocker
