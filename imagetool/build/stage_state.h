// A stage while it is built, and what it was when it is done.
#pragma once

#include <string>
#include <vector>

#include "imagetool/build/build_arguments.h"
#include "imagetool/store/image.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct StageState {
  std::vector<ImageLayer> layers;  // in the store, the base first
  oci::ImageConfig config;         // with the history; without diff_ids
  StageVariables variables;
  std::string created;  // of the last layer: RFC 3339; empty where there is none yet

  std::vector<std::string> chain_ids() const {
    std::vector<std::string> ids;
    ids.reserve(layers.size());
    for (const ImageLayer& layer : layers) ids.push_back(layer.chain_id);
    return ids;
  }
};

}  // namespace gocker
