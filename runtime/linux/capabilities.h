// Capability sets of a process (config.md, "Linux Process"; capabilities(7)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// Bit masks by capability number.
struct CapabilitySets {
  uint64_t bounding = 0;
  uint64_t effective = 0;
  uint64_t inheritable = 0;
  uint64_t permitted = 0;
  uint64_t ambient = 0;
};

// An unknown name is an error; one that this kernel does not have, too. No `capabilities` in the
// config means no capability at all.
CapabilitySets parse_capabilities(const oci::Capabilities& capabilities);

// In this order around the change of user (see runtime/launch/become.h):
void drop_bounding_set(const CapabilitySets& wanted);
void keep_capabilities_over_setuid();  // PR_SET_KEEPCAPS
// Effective, permitted, inheritable; `extra_effective` is kept beside them until the final call.
// What can't be granted is left out: the specification wants a warning and no failure.
void set_capabilities(const CapabilitySets& wanted, uint64_t extra_effective);
// Likewise: an ambient capability must be permitted and inheritable.
void set_ambient_capabilities(const CapabilitySets& wanted);

// In the launcher, where the log is: the warnings about what will be left out in a container
// without a user namespace of its own.
void warn_of_ungrantable(const CapabilitySets& wanted);

// Names that this kernel knows, for `features`.
std::vector<std::string> known_capabilities();

}  // namespace gocker
