#include <array>
#include <nlohmann/json.hpp>

#include "imagetool/cli/command.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/interrupt.h"
#include "imagetool/platform.h"
#include "imagetool/pull/locate.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kOptions = {
    Option{"remote", 0, "", "ask the registry, not the store"},
    Option{"platform", 0, "OS/ARCH[/VARIANT]", "with --remote: which of an image's platforms"},
    kInsecure,
    kTlsVerify,
    kCertDir,
    kAuthFile,
    kCreds,
};

Json to_json(const ImageLayer& layer) {
  return {{"digest", layer.blob.digest},
          {"mediaType", layer.blob.media_type},
          {"size", layer.blob.size},
          {"diffId", layer.diff_id},
          {"chainId", layer.chain_id}};
}

// What the image itself tells.
Json to_json(const Image& image) {
  uint64_t size = 0;
  Json layers = Json::array();
  for (const ImageLayer& layer : image.layers) {
    size += layer.blob.size;
    layers.push_back(to_json(layer));
  }
  Json json;
  json["reference"] = image.reference;
  json["digest"] = image.digest;
  json["mediaType"] = image.manifest.media_type;
  json["platform"] = to_text(image.config.platform);
  json["created"] = image.config.created;
  json["size"] = size;
  json["layers"] = std::move(layers);
  return json;
}

Json stored_image(const Store& store, const Image& image) {
  Json json = to_json(image);
  for (size_t i = 0; i < image.layers.size(); ++i) {
    json["layers"][i]["unpacked"] = store.has_layer(image.layers[i].chain_id);
  }
  Json bundles = Json::array();
  for (const Lease& lease : leases(store)) {
    if (lease.digest == image.digest) bundles.push_back(lease.directory);
  }
  json["bundles"] = std::move(bundles);
  // As it came, with what gocker does not know.
  json["config"] = Json::parse(store.read_blob(image.manifest.config.digest, kMaxDocumentSize));
  return json;
}

Json remote_image(const Arguments& arguments) {
  const Reference reference = parse_reference(arguments.positionals()[0]);
  LocateOptions options;
  if (arguments.has("platform")) options.platform = parse_platform(arguments.value("platform"));
  options.transport = transport_of(arguments);
  options.certificates = certificates_of(arguments, reference.host);
  options.credentials = credential_source(arguments);
  const std::string name = reference.name();
  const Doing doing("inspect", name);
  HttpClient client(options.certificates);
  Progress progress(Progress::Style::silent);
  const LocatedImage located = locate(client, reference, options, progress);
  Json json = to_json(image_of(located));
  json["config"] = Json::parse(located.image.config);
  return json;
}

void run(const Global& global, const Arguments& arguments) {
  const InterruptWatch interrupts;
  Json json;
  if (arguments.has("remote")) {
    json = remote_image(arguments);
  } else {
    const Store store(global.root);
    json = stored_image(store, find_image(store, arguments.positionals()[0]));
  }
  print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

const Command kInspect = {
    "inspect",
    "REF",
    "print what is known of an image as JSON",
    "With --remote nothing is fetched but the image's documents. Sizes are in bytes, of the "
    "packed\n"
    "layers; \"config\" is the image's own document.\n",
    kOptions,
    1,
    1,
    run,
};

}  // namespace gocker::cli
