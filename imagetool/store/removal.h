// Taking images out of the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/store.h"

namespace gocker {

struct Removal {
  std::vector<std::string> references;  // names that were taken away
  size_t blobs = 0;
  size_t layers = 0;
  uint64_t bytes = 0;  // of the blobs, and of caches of builds
};

// Takes the names away, then removes what no image and no cached step of a build needs any more.
// Steps whose layers were only in these images are forgotten. All of `texts` are looked up (as
// find_image_name() does) before the first is touched. Throws, having changed nothing, where one is
// the last name of an image that a bundle uses: the error names the bundle.
Removal remove_images(const Store& store, const std::vector<std::string>& texts);

// Removes blobs and layers that no name, no lease and no running command needs, the layer cache of
// builds with its layers, the caches of their commands that are not in use, the beginnings of
// blobs, and leases whose directory is gone.
enum class Unused { keep, remove };  // images that have a name but no lease
Removal collect_garbage(const Store& store, Unused unused = Unused::keep);

}  // namespace gocker
