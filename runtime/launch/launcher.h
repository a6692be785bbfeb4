// The parent's side of the start of a container (the picture is in protocol.h).
#pragma once

#include "runtime/base/process.h"
#include "runtime/launch/request.h"

namespace gocker {

// Makes the container's init and brings it to the gate, or to the execution of its program where
// that is to happen at once. Whatever fails, in init too, is
// thrown from here, and init is dead then. The cgroup exists already and has its limits; its device
// filter is attached before anything of the container runs.
Child launch(const LaunchRequest& request, const LaunchEvents& events);

}  // namespace gocker
