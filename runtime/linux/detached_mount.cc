#include "runtime/linux/detached_mount.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/syscalls.h"

namespace gocker {
namespace {

unsigned at_flags(Depth depth) {
  return AT_EMPTY_PATH | (depth == Depth::recursive ? unsigned{AT_RECURSIVE} : 0U);
}

Fd clone_changed(int from, const char* path, unsigned flags, const MountChange& change,
                 Depth depth) {
  flags |= OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  Fd made(sys::open_tree_attr(from, path, flags, attributes_of(change)));
  // An older kernel, or an error that the two calls tell apart.
  if (made) return made;
  made = Fd(check(::open_tree(from, path, flags), "open_tree"));
  check(change_mount(made, change, depth), "mount_setattr");
  return made;
}

}  // namespace

Fd clone_mount(const Fd& source, Depth depth) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | at_flags(depth);
  return Fd(check(::open_tree(source.get(), "", flags), "open_tree"));
}

Fd clone_mount(const Fd& source, const MountChange& change, Depth depth) {
  return clone_changed(source.get(), "", at_flags(depth), change, depth);
}

Fd clone_mount_at(const std::string& host_path, unsigned flags, const MountChange& change) {
  return clone_changed(AT_FDCWD, host_path.c_str(), flags, change, Depth::single);
}

void attach_mount(const Fd& mount, const Fd& target, std::string_view destination) {
  constexpr unsigned kFlags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  check(::move_mount(mount.get(), "", target.get(), "", kFlags), "attach to", destination);
}

void attach_mount_at(const Fd& mount, const Fd& directory, const std::string& name) {
  check(::move_mount(mount.get(), "", directory.get(), name.c_str(), MOVE_MOUNT_F_EMPTY_PATH),
        "attach to", name);
}

mount_attr attributes_of(const MountChange& change) {
  mount_attr attributes{};
  attributes.attr_set = change.set;
  attributes.attr_clr = change.clear;
  attributes.propagation = change.propagation;
  return attributes;
}

int change_mount(const Fd& mount, const MountChange& change, Depth depth) {
  const mount_attr attributes = attributes_of(change);
  return ::mount_setattr(mount.get(), "", at_flags(depth), const_cast<mount_attr*>(&attributes),
                         sizeof attributes);
}

void set_mount_attributes(const Fd& mount, uint64_t set, uint64_t clear, uint64_t propagation,
                          Depth depth, std::string_view destination) {
  check(change_mount(mount, {set, clear, propagation}, depth), "mount_setattr", destination);
}

void set_id_map(const Fd& mount, const Fd& user_namespace, Depth depth) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<__u64>(user_namespace.get());
  if (::mount_setattr(mount.get(), "", at_flags(depth), &attributes, sizeof attributes) == 0) {
    return;
  }
  if (errno == EINVAL) throw Error("its filesystem can't be mounted with mapped ids", EINVAL);
  throw_errno("map the ids of the mount");
}

}  // namespace gocker
