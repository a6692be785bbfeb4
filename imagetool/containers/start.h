// From a made container to a running one.
#pragma once

#include <functional>

#include "imagetool/containers/record.h"
#include "imagetool/containers/transition.h"

namespace gocker {

// Mounts the bundle, makes the network, has conmon create the container, calls `on_created` (to
// attach to it before its program says a word) and starts the program. All is undone where it
// fails. For a container that does not run; the caller holds its transition.
void start_container(const Places& places, ContainerRecord& record,
                     const std::function<void()>& on_created = {});

// Runs a container that was just made with the caller's own stdin, stdout and stderr, passes
// signals on, and removes it at its end. Returns the program's exit code. The caller holds the
// transition of its making and gives it up.
int run_in_foreground(const Places& places, ContainerRecord& record, Transition making);

}  // namespace gocker
