// The edits of the Container Device Interface made in a configuration.
#pragma once

#include "imagetool/cdi/cdi_spec.h"

namespace gocker {

// Changes `spec`, which has a process and resources: variables, devices and mounts take the place
// of those of the same name or path, all else is added. Throws where the host has no such device.
void apply_edits(const ContainerEdits& edits, oci::Spec& spec);

}  // namespace gocker
