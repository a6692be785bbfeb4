// Changing what a container was made with.
#pragma once

#include <optional>
#include <string>

#include "imagetool/bundle/resource_limits.h"
#include "imagetool/containers/record.h"

namespace gocker {

struct ContainerUpdate {
  Limits limits;  // those that are there
  std::optional<RestartPolicy> restart;
};

// Of the running container at once, and for its next start. Throws, having changed nothing, for a
// limit that the kernel refuses.
void update_container(const Places& places, const std::string& id, const ContainerUpdate& update);

}  // namespace gocker
