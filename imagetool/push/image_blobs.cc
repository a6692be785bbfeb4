#include "imagetool/push/image_blobs.h"

#include <string_view>

#include "imagetool/pull/progress.h"

namespace gocker {
namespace {

// Layers that registries may not distribute lie elsewhere.
bool is_distributed(std::string_view media_type) {
  return media_type.find("nondistributable") == std::string_view::npos &&
         media_type.find(".foreign.") == std::string_view::npos;
}

}  // namespace

std::vector<ImageBlob> blobs_of(const oci::Manifest& manifest, std::set<std::string>& done) {
  std::vector<ImageBlob> blobs;
  const size_t count = manifest.layers.size();
  for (size_t i = 0; i < count; ++i) {
    const oci::Descriptor& layer = manifest.layers[i];
    if (!is_distributed(layer.media_type) || !done.insert(layer.digest).second) continue;
    blobs.push_back({layer, layer_name(i, count)});
  }
  if (done.insert(manifest.config.digest).second) blobs.push_back({manifest.config, "config"});
  return blobs;
}

}  // namespace gocker
