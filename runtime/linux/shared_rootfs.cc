#include "runtime/linux/shared_rootfs.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/detached_mount.h"

// Linux 6.8; Debian 12's headers are older.
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

namespace gocker {
namespace {

bool is_mounted(const std::string& path, uint64_t id) {
  const Fd top = open_if_exists(path, O_PATH | O_NOFOLLOW);
  return top && unique_mount_id(top) == id;
}

}  // namespace

uint64_t unique_mount_id(const Fd& file) {
  struct statx status {};
  check(::statx(file.get(), "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &status),
        "statx");
  return status.stx_mnt_id;
}

Fd copy_shared_rootfs(const std::string& path) {
  const Doing doing("prepare the root filesystem", path);
  // Over "/", it would be in everybody's way.
  if (path == "/") throw Error("the host's own root needs a mount namespace to be a container's");
  return clone_mount(open_directory(path), {.propagation = MS_PRIVATE}, Depth::recursive);
}

void unmount_shared_rootfs(const std::string& path, uint64_t id) {
  const Doing doing("unmount the root filesystem", path);
  if (is_mounted(path, id)) {
    check(::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW), "umount2");
  }
}

void change_root(const Fd& root) {
  check(::fchdir(root.get()), "fchdir to the root filesystem");
  check(::chroot("."), "chroot");
}

}  // namespace gocker
