// The blobs of one image, as they go from or to a registry.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "oci-spec/image_spec.h"

namespace gocker {

struct ImageBlob {
  oci::Descriptor descriptor;
  std::string name;  // for people: "layer 2 of 5", "config"
};

// Each once, the config last: it is small, and layers are what takes time. Not those that
// registries may not distribute, nor those in `done`, which the others join.
std::vector<ImageBlob> blobs_of(const oci::Manifest& manifest, std::set<std::string>& done);

}  // namespace gocker
