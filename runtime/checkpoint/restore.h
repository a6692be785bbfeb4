// Bringing a container back from a checkpoint.
#pragma once

#include "runtime/checkpoint/criu_message.h"
#include "runtime/checkpoint/dump.h"
#include "runtime/launch/create.h"

namespace gocker {

// A container as `create` makes one, from a bundle like the one that was saved, but with the saved
// processes in it, which run. `options` has what the command line says. Prestart and createRuntime
// hooks run once the namespaces stand; no other ones do, as the program goes on, it doesn't start.
Created restore_container(const StateRoot& root, const Configuration& configuration,
                          const CreateOptions& create_options, const CriuPlaces& places,
                          const CriuOptions& options);

}  // namespace gocker
