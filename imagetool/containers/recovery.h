// What killed commands, killed keepers and reboots have left undone.
#pragma once

#include "imagetool/containers/places.h"

namespace gocker {

// Finishes or undoes each change that was cut off, ends containers whose keeper died before them,
// and after a reboot all that ran. To be called before anything is listed or changed; costs a few
// system calls where there is nothing to do. Never waits for other commands.
void recover(const Places& places);

}  // namespace gocker
