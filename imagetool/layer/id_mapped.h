// Directories seen with other owners: idmapped mounts in place of a chown of every file
// (mount_setattr(2), MOUNT_ATTR_IDMAP).
#pragma once

#include <sys/types.h>

#include "runtime/base/fd.h"

namespace gocker {

// A detached copy of the mount that `directory` is on, with `directory` as its root: what belongs
// to an id on disk belongs here to the id that the user namespace maps it to. Throws where the file
// system cannot do that.
Fd clone_id_mapped(const Fd& directory, const Fd& user_namespace);

// While it lives, what this thread makes belongs to these ids, with root's capabilities as before.
// An overlay that is mounted meanwhile makes its own files (whiteouts, copies) as them ever after:
// as root it could not, where its upper directory is on a mount that maps root to nobody.
class CreatorIds {
 public:
  CreatorIds(uid_t uid, gid_t gid);
  CreatorIds(const CreatorIds&) = delete;
  CreatorIds& operator=(const CreatorIds&) = delete;
  ~CreatorIds();

 private:
  uid_t uid_before_;
  gid_t gid_before_;
};

}  // namespace gocker
