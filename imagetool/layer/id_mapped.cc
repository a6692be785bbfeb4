#include "imagetool/layer/id_mapped.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"

namespace gocker {
namespace {

// setfsuid(2) takes the capabilities for files out of the effective ones: all that are permitted
// become effective again.
void regain_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  check(::syscall(SYS_capget, &header, data), "capget");
  for (auto& word : data) word.effective = word.permitted;
  check(::syscall(SYS_capset, &header, data), "capset");
}

}  // namespace

Fd clone_id_mapped(const Fd& directory, const Fd& user_namespace) {
  const Doing doing("map the ids of the layers");
  constexpr unsigned kFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
  Fd clone(check(::open_tree(directory.get(), "", kFlags), "open_tree"));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<__u64>(user_namespace.get());
  if (::mount_setattr(clone.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) {
    return clone;
  }
  if (errno == EPERM) {
    throw Error("only root of the host can mount with mapped ids; without root copy them, --flat",
                EPERM);
  }
  if (errno != EINVAL) throw_errno("mount_setattr");
  throw Error("the file system cannot be mounted with mapped ids (ext4, xfs and btrfs can)",
              EINVAL);
}

CreatorIds::CreatorIds(uid_t uid, gid_t gid)
    : uid_before_(static_cast<uid_t>(::setfsuid(uid))),
      gid_before_(static_cast<gid_t>(::setfsgid(gid))) {
  regain_capabilities();
}

CreatorIds::~CreatorIds() {
  ::setfsgid(gid_before_);
  ::setfsuid(uid_before_);
}

}  // namespace gocker
