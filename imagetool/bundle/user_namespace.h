// Which user namespace a container gets: the host's, or one whose ids are others outside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/lease.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

struct UserNamespaceOptions {
  enum class Kind {
    host,       // none of its own
    automatic,  // `size` ids from 0 on, outside a range that nobody else uses
    given,      // `maps`, as a person wrote them
  };
  Kind kind = Kind::host;
  uint32_t size = kDefaultSize;
  IdMaps maps;

  static constexpr uint32_t kDefaultSize = 65536;
};

// "auto", "auto:size=100000" or "host".
UserNamespaceOptions parse_user_namespace(std::string_view text);

// "CONTAINER:HOST:SIZE".
oci::IdMapping parse_id_mapping(std::string_view text);

// Throws where ids overlap, where 0 inside is not mapped, where an id is out of range. Without
// groups the maps of the users serve for them too.
IdMaps check_id_maps(IdMaps maps);

// The ranges that /etc/subuid and /etc/subgid (subuid(5)) give to these names, one after the other
// from 0 on. Throws where there are none.
IdMaps subordinate_id_maps(const std::string& user, const std::string& group);

// Maps of `size` ids to a range outside that none of the living leases uses and that neither
// /etc/subuid nor /etc/subgid gives to somebody: in 524288..1879048191, which systemd, too, keeps
// for containers. Throws where none is free.
IdMaps free_id_maps(uint32_t size, const std::vector<Lease>& leases);

// The id outside of 0 inside, which check_id_maps() has seen to.
uint32_t outside_root(const std::vector<oci::IdMapping>& mappings);

// A user namespace with these maps, which nobody is in.
Fd make_user_namespace(const IdMaps& maps);

// This process, which has one thread, becomes root there.
void become_root_in(const Fd& user_namespace);

}  // namespace gocker
