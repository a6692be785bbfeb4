// From an image and a person's options to a container that can be started.
#pragma once

#include "imagetool/bundle/run_options.h"
#include "imagetool/containers/record.h"
#include "imagetool/containers/transition.h"
#include "imagetool/layer/apply.h"
#include "imagetool/store/image.h"

namespace gocker {

struct CreatedContainer {
  ContainerRecord record;
  Transition transition;  // its making, which may go on with its start
  Notes notes;            // what a person must know of choices that were made for him
};

// `wish` has what was asked for; id, times, command and digest are filled in. The image's layers
// are in the store. Undoes everything where it fails: the name taken, a volume refused, ...
CreatedContainer create_container(const Places& places, const Store& store, const Image& image,
                                  ContainerRecord wish, RunOptions options);

}  // namespace gocker
