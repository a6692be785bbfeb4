#include "runtime/linux/rootfs.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/host_mounts.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/shared_rootfs.h"

namespace gocker {
namespace {

void set_propagation(const std::string& path, uint64_t flags) {
  check(::mount("", path.c_str(), "", flags, ""), "change the mount propagation of", path);
}

// What is attached below a shared mount would appear on the host, and pivot_root(2) refuses it.
// Only the mount point itself can be changed, so one goes up until it is met.
void make_parent_private(std::string path) {
  while (::mount("", path.c_str(), "", MS_PRIVATE, "") != 0) {
    if (errno != EINVAL || path == "/") {
      throw_errno("change the mount propagation of", path);
    }
    const size_t slash = path.find_last_of('/');
    path.resize(slash == 0 ? 1 : slash);
  }
}

// Whether nothing that happens below "/" here reaches the host any more.
bool cuts_off(uint64_t propagation) {
  return (propagation & MS_REC) != 0 && (propagation & (MS_SLAVE | MS_PRIVATE)) != 0;
}

void pivot(const RootDir& root, uint64_t propagation) {
  Fd old;
  if (!cuts_off(propagation)) old = open_directory("/");
  check(::fchdir(root.fd().get()), "fchdir to the root filesystem");
  check(::syscall(SYS_pivot_root, ".", "."), "pivot_root");
  // Letting go of mounts that the host shares would take them from the host.
  if (old) set_mount_attributes(old, 0, 0, MS_SLAVE, Depth::recursive, "the old root");
  // The old root lies on the new one: "." is where we stand, and what is mounted on it.
  check(::umount2(".", MNT_DETACH), "unmount the old root");
}

void move_to_root(const RootDir& root) {
  hide_host_mounts(root);
  check(::fchdir(root.fd().get()), "fchdir to the root filesystem");
  // A prepared one lies on "/" already: it can't be moved onto itself.
  if (::mount(".", "/", "", MS_MOVE, "") != 0 && errno != ELOOP) {
    throw_errno("move the root filesystem to /");
  }
  check(::chroot("."), "chroot");
  check(::chdir("/"), "chdir /");
}

// The first mask is the source itself, the later ones are copies of what is attached by then:
// before Linux 6.15 a detached mount can't be copied.
class Mask {
 public:
  explicit Mask(const Fd& source) : source_(source) {}

  void put_on(const Fd& target, const std::string& path) {
    if (attached_) return attach_mount(clone_mount(source_, Depth::single), target, path);
    attach_mount(source_, target, path);
    attached_ = true;
  }

 private:
  const Fd& source_;
  bool attached_ = false;
};

Fd make_empty_directory() {
  return new_filesystem(
      "tmpfs", "", {{"nr_inodes", "1"}},
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

}  // namespace

Fd clone_rootfs(const std::string& path) {
  const Doing doing("open the root filesystem", path);
  return clone_mount(open_directory(path), Depth::recursive);
}

RootDir prepare_rootfs(const std::string& path, std::string_view propagation, const Fd& prepared) {
  const Doing doing("prepare the root filesystem", path);
  // A prepared one hides nothing that is still needed where it lies on top of "/": paths of ours
  // start below it.
  const std::string place = prepared ? "/" : path;
  const uint64_t flags = parse_rootfs_propagation(propagation);
  const Fd directory = open_directory(place);
  // Copied while the host's mounts are as they were: an unbindable one can't be copied, and a
  // private one has nothing to be a slave of.
  // Where the host's mounts are shared (systemd), a copy is a peer of them: what the container
  // mounts in it would appear on the host, and pivot_root(2) refuses it.
  const uint64_t own = (flags & MS_SLAVE) != 0 ? MS_SLAVE : MS_PRIVATE;
  Fd root;
  if (prepared) {
    root = prepared.duplicate();
    set_mount_attributes(root, 0, 0, own, Depth::recursive, path);
  } else {
    root = clone_mount(directory, {.propagation = own}, Depth::recursive);
  }
  set_propagation("/", flags);
  if (!cuts_off(flags)) make_parent_private(place);
  attach_mount(root, directory, path);
  return RootDir(std::move(root));
}

void switch_root(const RootDir& root, RootSwitch method, std::string_view propagation) {
  const Doing doing("switch to the root filesystem");
  switch (method) {
    case RootSwitch::pivot:
      return pivot(root, parse_rootfs_propagation(propagation));
    case RootSwitch::move:
      return move_to_root(root);
    case RootSwitch::chroot:
      return change_root(root.fd());
  }
}

void set_rootfs_propagation(std::string_view propagation) {
  if (propagation.empty()) return;
  const Doing doing("set rootfsPropagation", propagation);
  set_propagation("/", parse_rootfs_propagation(propagation));
}

void make_rootfs_readonly() {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  check(::mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes),
        "make the root filesystem read-only");
}

Fd open_mask_source(const std::vector<std::string>& masked_paths) {
  if (masked_paths.empty()) return {};
  const Doing doing("open /dev/null");
  Fd null;
  try {
    // Private: what is mounted over a masked file must not appear on the host's /dev/null.
    null = clone_mount_at("/dev/null", AT_SYMLINK_NOFOLLOW, {.propagation = MS_PRIVATE});
  } catch (const Error& refused) {
    if (refused.code() != EPERM) throw;
    return null;
  }
  const struct stat status = stat_fd(null, "/dev/null");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
    throw Error("is not the null device (character device 1:3)", ENODEV);
  }
  return null;
}

void mask_paths(const RootDir& root, const std::vector<std::string>& paths, const Fd& null_device) {
  Mask file_mask(null_device);
  Fd empty;
  Mask directory_mask(empty);
  for (const std::string& path : paths) {
    const Doing doing("mask", path);
    const Fd target = root.open_if_exists(path, O_PATH);
    if (!target) continue;
    if (!S_ISDIR(stat_fd(target, path).st_mode)) {
      file_mask.put_on(target, path);
      continue;
    }
    if (!empty) empty = make_empty_directory();
    directory_mask.put_on(target, path);
  }
}

void make_paths_readonly(const RootDir& root, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Doing doing("make read-only", path);
    const Fd target = root.open_if_exists(path, O_PATH);
    if (!target) continue;
    const Fd mount = clone_mount(target, Depth::recursive);
    set_mount_attributes(mount, MOUNT_ATTR_RDONLY, 0, 0, Depth::single, path);
    attach_mount(mount, target, path);
  }
}

}  // namespace gocker
