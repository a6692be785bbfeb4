// What a container has changed of its image's files.
#pragma once

#include <string>
#include <vector>

#include "imagetool/containers/places.h"
#include "imagetool/layer/changes.h"
#include "imagetool/store/image.h"

namespace gocker {

// Its volumes and other mounts do not count, nor the empty mount points that the runtime has made
// for them. A container that runs is looked at as it is.
std::vector<Change> container_changes(const Places& places, const std::string& id);

// The same as a directory: the bundle's own upper one, or, where it has none, one that is filled in
// `scratch`, an empty directory.
Fd open_container_changes(const Places& places, const std::string& id, const Fd& scratch);

// What the topmost layer of an image changes in those below it.
std::vector<Change> last_layer_changes(const Store& store, const Image& image);

// Files of one name count as changed where anything but their times differs.
std::vector<Change> image_changes(const Store& store, const Image& before, const Image& after);

}  // namespace gocker
