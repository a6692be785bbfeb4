// User namespace mappings (config-linux.md, "User namespace mappings").
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// Writes uid_map and gid_map of a child in a new user namespace, from outside, with the rights to
// do so.
void write_id_maps(pid_t pid, const std::vector<oci::IdMapping>& uid_mappings,
                   const std::vector<oci::IdMapping>& gid_mappings);

// A user namespace with these mappings and without a process, as idmapped mounts want it. The
// caller needs the rights to write the maps.
Fd make_user_namespace(const std::vector<oci::IdMapping>& uid_mappings,
                       const std::vector<oci::IdMapping>& gid_mappings);

// The id outside for one inside; nothing where it isn't mapped.
std::optional<uint32_t> host_id(const std::vector<oci::IdMapping>& mappings, uint32_t container_id);

}  // namespace gocker
