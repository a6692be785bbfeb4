// What is left of a container that no longer runs, taken away.
#pragma once

#include <string>

#include "imagetool/containers/record.h"

namespace gocker {

// Everything but the record, the log and what the container has written: mounts, the network,
// conmon's files, the runtime's state. For a container that has ended; may be called again.
void release_resources(const Places& places, const std::string& id);

enum class AnonymousVolumes { keep, remove };

// The container altogether, killed if it runs. Fine where parts of it are gone already. The caller
// holds its transition.
void remove_container(const Places& places, const std::string& id,
                      AnonymousVolumes volumes = AnonymousVolumes::remove);

// The same, anonymous volumes included, for a container that the runtime has deleted and that has
// no network: without a call of another program.
void remove_ended_container(const Places& places, const ContainerRecord& record);

}  // namespace gocker
