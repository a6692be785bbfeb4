#include "runtime/linux/bind_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/syscalls.h"
#include "runtime/linux/detached_mount.h"

namespace gocker {
namespace {

// What the kernel keeps set on a mount that came into a user namespace from a more privileged one.
uint64_t lockable_attributes(const Fd& mount) {
  constexpr std::array<std::pair<unsigned long, uint64_t>, 4> kFlags{{
      {ST_RDONLY, MOUNT_ATTR_RDONLY},
      {ST_NOSUID, MOUNT_ATTR_NOSUID},
      {ST_NODEV, MOUNT_ATTR_NODEV},
      {ST_NOEXEC, MOUNT_ATTR_NOEXEC},
  }};
  struct statfs status {};
  check(::fstatfs(mount.get(), &status), "fstatfs");
  uint64_t attributes = 0;
  for (const auto& [flag, attribute] : kFlags) {
    if ((static_cast<unsigned long>(status.f_flags) & flag) != 0) attributes |= attribute;
  }
  return attributes;
}

void change(const Fd& mount, MountChange wanted, Depth depth) {
  if (wanted.is_empty() || change_mount(mount, wanted, depth) == 0) return;
  const int code = errno;
  if (code == EPERM) {
    wanted.clear &= ~lockable_attributes(mount);
    if (change_mount(mount, wanted, depth) == 0) return;
  }
  throw_errno_value(code, "mount_setattr");
}

// What `top` says goes before what `all` says: both in one call, for a tree of one mount.
MountChange merge(const MountChange& all, const MountChange& top) {
  MountChange merged = all;
  merged.set = (merged.set & ~top.clear) | top.set;
  merged.clear = (merged.clear & ~top.set) | top.clear;
  merged.propagation |= top.propagation;
  return merged;
}

struct BindChanges {
  MountChange all;
  MountChange top;
};

BindChanges changes_of(const MountOptions& options) {
  BindChanges changes{{options.set_recursively, options.clear_recursively, 0},
                      {options.set_attributes, options.clear_attributes, 0}};
  // Private by default: what the host mounts there later stays outside.
  const bool given = options.propagation != 0;
  const bool recursive = given ? options.recursive_propagation : options.recursive;
  (recursive ? changes.all : changes.top).propagation =
      given ? options.propagation : uint64_t{MS_PRIVATE};
  return changes;
}

std::string source_path(const oci::Mount& mount, const std::string& bundle) {
  if (mount.source.empty()) throw Error("a bind mount needs a source", EINVAL);
  return mount.source.starts_with('/') ? mount.source : bundle + "/" + mount.source;
}

unsigned clone_flags(const MountOptions& options) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (options.recursive) flags |= AT_RECURSIVE;
  if (options.source_nofollow || options.copy_symlink) flags |= AT_SYMLINK_NOFOLLOW;
  return flags;
}

}  // namespace

bool is_bind(const oci::Mount& mount, const MountOptions& options) {
  return options.bind || mount.type == "bind" || mount.type == "rbind";
}

Fd open_bind_source(const oci::Mount& mount, const MountOptions& options,
                    const std::string& bundle) {
  const std::string path = source_path(mount, bundle);
  Fd source(::open_tree(AT_FDCWD, path.c_str(), clone_flags(options)));
  if (source) return source;
  if (errno == EINVAL && !options.recursive) {
    throw Error("open source " + mount.source +
                    ": there are mounts below it that must not be uncovered: use rbind",
                EINVAL);
  }
  throw_errno("open source", mount.source);
}

void apply_bind_options(const Fd& mount, const MountOptions& options) {
  const BindChanges changes = changes_of(options);
  if (!options.recursive) return change(mount, merge(changes.all, changes.top), Depth::single);
  change(mount, changes.all, Depth::recursive);
  change(mount, changes.top, Depth::single);
}

Fd make_bind(const oci::Mount& mount, const MountOptions& options, const std::string& bundle) {
  if (!options.recursive) {
    const BindChanges changes = changes_of(options);
    const mount_attr attributes = attributes_of(merge(changes.all, changes.top));
    const std::string path = source_path(mount, bundle);
    Fd made(sys::open_tree_attr(AT_FDCWD, path.c_str(), clone_flags(options), attributes));
    // An older kernel, or an error that the two calls tell apart.
    if (made) return made;
  }
  Fd made = open_bind_source(mount, options, bundle);
  apply_bind_options(made, options);
  return made;
}

void change_mount_options(const Fd& mount, const MountOptions& options) {
  MountChange all{options.set_recursively, options.clear_recursively, 0};
  MountChange top{options.set_attributes, options.clear_attributes, 0};
  (options.recursive_propagation ? all : top).propagation = options.propagation;
  change(mount, all, Depth::recursive);
  change(mount, top, Depth::single);
}

}  // namespace gocker
