// Overlay mounts of layers that are given by descriptor, so that neither the length of their paths
// nor a comma in them matters.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

// How layers reach the kernel. Later ways are for older kernels: descriptors since 6.13 and paths
// one by one since 6.7 through the mount's configuration, before that one page of mount options
// (200 layers).
enum class OverlayWay { descriptors, paths, options };

struct OverlayMount {
  std::vector<Fd> layers;  // the base first; O_PATH suffices. At least two without `upper`
  Fd upper;                // where changes go, with `work` empty on the same mount; both or none
  Fd work;
  Fd upper_mount;  // the detached mount that both are on; none where it is attached somewhere
  OverlayAttributes attributes = OverlayAttributes::trusted;
  // Nothing of `upper` is synced, neither by programs nor at the end: for what is not to outlast a
  // power loss. `work` serves for one such mount only.
  bool is_volatile = false;
};

// Makes a detached mount, read-only without `upper`: a descriptor of its root that move_mount(2)
// puts somewhere, and that unmounts it when it is closed before. Takes the first way that the
// kernel has. Throws with the kernel's own words where it gives any.
Fd mount_overlay(const OverlayMount& mount);
Fd mount_overlay(const OverlayMount& mount, OverlayWay way);

}  // namespace gocker
