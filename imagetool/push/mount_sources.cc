#include "imagetool/push/mount_sources.h"

#include <algorithm>
#include <set>

#include "imagetool/reference.h"

namespace gocker {
namespace {

// The repository's path at the target's registry; empty where it is another registry, or the target
// itself.
std::string path_beside(const std::string& name, const Endpoint& target) {
  const Endpoint endpoint = endpoints_of(parse_reference(name), load_registries_conf()).back();
  return endpoint.host == target.host && endpoint.path != target.path ? endpoint.path : "";
}

}  // namespace

std::map<std::string, std::string> mount_sources(const Store& store, const Image& image,
                                                 const Endpoint& target) {
  std::set<std::string> wanted;
  for (const ImageLayer& layer : image.layers) wanted.insert(layer.blob.digest);
  std::map<std::string, std::string> sources;
  for (const ImageName& name : image_names(store)) {
    if (sources.size() == wanted.size()) break;
    try {
      const std::string path = path_beside(name.reference, target);
      if (path.empty()) continue;
      for (const ImageLayer& layer : load_image(store, name.reference, name.digest).layers) {
        if (wanted.contains(layer.blob.digest)) sources.emplace(layer.blob.digest, path);
      }
    } catch (const std::exception&) {
      // A damaged image of the store, or a registry that is blocked: no place to mount from.
    }
  }
  return sources;
}

}  // namespace gocker
