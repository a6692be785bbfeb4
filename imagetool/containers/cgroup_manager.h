// Who makes the control groups of containers.
#pragma once

#include <string>
#include <vector>

#include "imagetool/containers/places.h"

namespace gocker {

// The runtime's options for it. For an ordinary user that is the user's own systemd, where there is
// one and the host has cgroup v2 alone: a user's limits hold only there, and nothing else lets a
// user pause a container from any login. Else it is the runtime itself, by the kernel's files.
std::vector<std::string> cgroup_manager_options(const Places& places);

}  // namespace gocker
