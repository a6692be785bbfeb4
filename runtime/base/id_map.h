// The maps of a user namespace: which ids inside stand for which outside (user_namespaces(7)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

struct IdRange {
  uint32_t inside = 0;  // the first id
  uint32_t outside = 0;
  uint32_t size = 0;
};

// Writes uid_map and gid_map of a child in a new user namespace, from outside. An ordinary user
// gets more than the own ids by newuidmap(1) and newgidmap(1), which /etc/subuid and /etc/subgid
// rule; a group map without them denies setgroups(2) in the namespace. The kernel takes at most 340
// ranges.
void write_id_maps(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

// A user namespace with these maps and without a process, as idmapped mounts want it. The caller
// needs the rights to write the maps.
Fd make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

}  // namespace gocker
