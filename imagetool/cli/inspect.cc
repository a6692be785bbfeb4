#include <nlohmann/json.hpp>

#include "imagetool/cli/command.h"
#include "imagetool/cli/output.h"
#include "imagetool/platform.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"

namespace gocker::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Store& store, const ImageLayer& layer) {
  return {{"digest", layer.blob.digest}, {"mediaType", layer.blob.media_type},
          {"size", layer.blob.size},     {"diffId", layer.diff_id},
          {"chainId", layer.chain_id},   {"unpacked", store.has_layer(layer.chain_id)}};
}

Json to_json(const Store& store, const Image& image) {
  uint64_t size = 0;
  Json layers = Json::array();
  for (const ImageLayer& layer : image.layers) {
    size += layer.blob.size;
    layers.push_back(to_json(store, layer));
  }
  Json bundles = Json::array();
  for (const Lease& lease : leases(store)) {
    if (lease.digest == image.digest) bundles.push_back(lease.directory);
  }
  Json json;
  json["reference"] = image.reference;
  json["digest"] = image.digest;
  json["mediaType"] = image.manifest.media_type;
  json["platform"] = to_text(image.config.platform);
  json["created"] = image.config.created;
  json["size"] = size;
  json["layers"] = std::move(layers);
  json["bundles"] = std::move(bundles);
  // As it came, with what gocker does not know.
  json["config"] = Json::parse(store.read_blob(image.manifest.config.digest, kMaxDocumentSize));
  return json;
}

void run(const Global& global, const Arguments& arguments) {
  const Store store(global.root);
  const Image image = find_image(store, arguments.positionals()[0]);
  print(to_json(store, image).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

const Command kInspect = {
    "inspect",
    "REF",
    "print what is known of an image as JSON",
    "Sizes are in bytes, of the packed layers; \"config\" is the image's own document.\n",
    {},
    1,
    1,
    run,
};

}  // namespace gocker::cli
