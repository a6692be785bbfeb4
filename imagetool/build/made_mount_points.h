// The mount points that a runtime makes in a root file system where it has none: they belong to the
// container of a RUN and not to the layer.
#pragma once

#include <string>
#include <vector>

#include "imagetool/layer/lower_view.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// The canonical paths below `root` that would have to be made for `destination`, the outermost
// first; symlinks are followed as if `root` were "/".
std::vector<std::string> missing_components(const RootDir& root, const std::string& destination);

// Those of all mounts of a bundle's config.json, whose path is `config`.
std::vector<std::string> made_mount_points(const RootDir& root, const std::string& config);

// Removes those of `paths` that are in the layer `changes` and still empty, and then directories
// above them that are in the layer for that reason alone, being as they are in `below`.
void remove_made_mount_points(const std::vector<std::string>& paths, const Fd& changes,
                              LowerView& below);

}  // namespace gocker
