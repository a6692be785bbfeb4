#include "imagetool/bundle/mapped_owner.h"

#include <endian.h>
#include <linux/capability.h>

#include <cstring>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr const char* kCapabilities = "security.capability";

uint32_t outside(const std::vector<oci::IdMapping>& mappings, uint32_t inside, const char* kind) {
  for (const oci::IdMapping& each : mappings) {
    if (inside >= each.container_id && inside - each.container_id < each.size) {
      return each.host_id + (inside - each.container_id);
    }
  }
  throw Error(std::string("it belongs to ") + kind + " " + std::to_string(inside) +
              ", which is not mapped");
}

// Revision 2 means the host's root, revision 3 names whose.
std::string for_root_of_namespace(const std::string& value, uint32_t root) {
  vfs_ns_cap_data data{};
  if (value.size() != XATTR_CAPS_SZ_2) return value;
  std::memcpy(&data, value.data(), value.size());
  const uint32_t flags = le32toh(data.magic_etc) & VFS_CAP_FLAGS_MASK;
  data.magic_etc = htole32(VFS_CAP_REVISION_3 | flags);
  data.rootid = htole32(root);
  return {reinterpret_cast<const char*>(&data), XATTR_CAPS_SZ_3};
}

}  // namespace

void map_owner(Attributes& attributes, const IdMaps& maps) {
  attributes.uid = outside(maps.uids, attributes.uid, "user");
  attributes.gid = outside(maps.gids, attributes.gid, "group");
  for (ExtendedAttribute& extended : attributes.extended) {
    if (extended.name != kCapabilities) continue;
    extended.value = for_root_of_namespace(extended.value, outside(maps.uids, 0, "user"));
  }
}

}  // namespace gocker
