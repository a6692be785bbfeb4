// The owner of a file as a container with a user namespace of its own needs it on disk, where no
// mount maps the ids.
#pragma once

#include "imagetool/layer/attributes.h"
#include "imagetool/store/lease.h"

namespace gocker {

// Gives it to the ids outside that its own stand for inside, and its capabilities (file
// capabilities, capabilities(7)) to that namespace's root. Throws where the namespace does not have
// its owner.
void map_owner(Attributes& attributes, const IdMaps& maps);

}  // namespace gocker
