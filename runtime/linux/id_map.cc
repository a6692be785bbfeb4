#include "runtime/linux/id_map.h"

#include "runtime/base/id_map.h"

namespace gocker {
namespace {

std::vector<IdRange> ranges_of(const std::vector<oci::IdMapping>& mappings) {
  std::vector<IdRange> ranges;
  ranges.reserve(mappings.size());
  for (const oci::IdMapping& each : mappings) {
    ranges.push_back({each.container_id, each.host_id, each.size});
  }
  return ranges;
}

}  // namespace

void write_id_maps(pid_t pid, const std::vector<oci::IdMapping>& uid_mappings,
                   const std::vector<oci::IdMapping>& gid_mappings) {
  write_id_maps(pid, ranges_of(uid_mappings), ranges_of(gid_mappings));
}

Fd make_user_namespace(const std::vector<oci::IdMapping>& uid_mappings,
                       const std::vector<oci::IdMapping>& gid_mappings) {
  return make_user_namespace(ranges_of(uid_mappings), ranges_of(gid_mappings));
}

std::optional<uint32_t> host_id(const std::vector<oci::IdMapping>& mappings,
                                uint32_t container_id) {
  for (const oci::IdMapping& mapping : mappings) {
    if (container_id < mapping.container_id) continue;
    const uint32_t offset = container_id - mapping.container_id;
    if (offset >= mapping.size) continue;
    const uint64_t outside = uint64_t{mapping.host_id} + offset;
    // 4294967295 is the "no id" of the kernel.
    if (outside >= UINT32_MAX) return std::nullopt;
    return static_cast<uint32_t>(outside);
  }
  return std::nullopt;
}

}  // namespace gocker
