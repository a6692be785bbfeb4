// Mounts of a container that runs already (`mounts add`, `mounts remove`).
#pragma once

#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/container/container.h"

namespace gocker {

// Bind mounts and tmpfs, in order; all of them or, where one fails, none. They are made detached on
// the host and put in place below the container's root: nothing of the container is trusted on the
// way. Relative sources start at the bundle.
void add_mounts(const Container& container, const std::vector<oci::Mount>& mounts);

// By destination alone, in reverse order, with what is mounted below. Where one fails, those after
// it in the list are gone by then.
void remove_mounts(const Container& container, const std::vector<oci::Mount>& mounts);

}  // namespace gocker
