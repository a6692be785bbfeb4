#include "runtime/linux/sysctl.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "oci-spec/validate.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/syscalls.h"
#include "runtime/linux/mount_target.h"

namespace gocker {
namespace {

// A new instance for the caller's pid namespace, attached nowhere. Nothing where the kernel
// refuses: in a user namespace it does unless a procfs without overmounts is in view already.
Fd mount_new_procfs() {
  const Fd context(::fsopen("proc", FSOPEN_CLOEXEC));
  if (!context) return {};
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  return Fd(::fsmount(context.get(), FSMOUNT_CLOEXEC,
                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
}

// A copy of the mount at /proc without what lies on top of its files, or /proc itself where even
// that is refused: what opens files in it crosses no mount, so an overmount is an error then.
Fd open_mounted_procfs() {
  Fd clone(::open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  return clone ? std::move(clone) : open_directory("/proc");
}

bool is_procfs_root(const Fd& directory) {
  constexpr ino_t kProcRootInode = 1;
  return is_procfs(directory) && stat_fd(directory, "/proc").st_ino == kProcRootInode;
}

Fd open_inside(const Fd& directory, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return Fd(check(sys::openat2(directory.get(), path.c_str(), how), "open", path));
}

}  // namespace

Fd open_private_procfs() {
  const Doing doing("open a private procfs");
  Fd procfs = mount_new_procfs();
  if (procfs) return procfs;
  procfs = open_mounted_procfs();
  if (!is_procfs_root(procfs)) throw Error("/proc is no procfs", EINVAL);
  return procfs;
}

void set_sysctls(const Fd& procfs, const oci::StringMap& sysctls) {
  if (sysctls.empty()) return;
  const Fd root = open_inside(procfs, "sys", O_PATH | O_DIRECTORY);
  for (const auto& [name, value] : sysctls) {
    const Doing doing("set sysctl", name);
    const Fd file = open_inside(root, oci::sysctl_path(name), O_WRONLY);
    check(::write(file.get(), value.data(), value.size()), "write", value);
  }
}

}  // namespace gocker
