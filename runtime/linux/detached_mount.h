// Mounts as descriptors: copied detached, changed while nobody can see them, put in place.
#pragma once

#include <sys/mount.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"

namespace gocker {

// Of a mount alone, or of all that is mounted below it as well.
enum class Depth { single, recursive };

// Puts a detached mount onto a target that is already resolved. The descriptor then stands for the
// attached mount.
void attach_mount(const Fd& mount, const Fd& target, std::string_view destination);
// The same, onto an entry of a directory. A symlink is not followed.
void attach_mount_at(const Fd& mount, const Fd& directory, const std::string& name);

// What mount_setattr(2) changes: MOUNT_ATTR_* words, and MS_SHARED, MS_SLAVE, MS_PRIVATE or
// MS_UNBINDABLE (0: as it is).
struct MountChange {
  uint64_t set = 0;
  uint64_t clear = 0;
  uint64_t propagation = 0;

  bool is_empty() const { return set == 0 && clear == 0 && propagation == 0; }
};

// A detached copy of the mount at `source` (not followed any further: it is a descriptor).
Fd clone_mount(const Fd& source, Depth depth);
// The same, already changed, as deep as it is copied. One system call since Linux 6.15.
Fd clone_mount(const Fd& source, const MountChange& change, Depth depth);
// Of a path of the host; `flags` are AT_*.
Fd clone_mount_at(const std::string& host_path, unsigned flags, const MountChange& change);

mount_attr attributes_of(const MountChange& change);

// mount_setattr(2) on a detached or attached mount; -1 and errno.
int change_mount(const Fd& mount, const MountChange& change, Depth depth);
// The same, but throws.
void set_mount_attributes(const Fd& mount, uint64_t set, uint64_t clear, uint64_t propagation,
                          Depth depth, std::string_view destination);

// Maps the ids of a detached mount as the user namespace does (MOUNT_ATTR_IDMAP).
void set_id_map(const Fd& mount, const Fd& user_namespace, Depth depth);

}  // namespace gocker
