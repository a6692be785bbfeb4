#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/cli/template.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/listing.h"
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

constexpr std::array kInspectOptions = {
    Option{"format", 'f', "TEMPLATE", "only parts, such as '{{.State.Status}}'"},
};
constexpr std::array kOptions = {
    Option{"format", 'f', "TEMPLATE", "only parts, such as '{{json .config.config}}'"},
    Option{"remote", 0, "", "ask the registry, not the store"},
    Option{"platform", 0, "OS/ARCH[/VARIANT]", "with --remote: which of an image's platforms"},
    kInsecure,
    kTlsVerify,
    kCertDir,
    kAuthFile,
    kCreds,
};

std::string shown(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

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

// As docker shapes it, for the verb that shows containers, too.
Json as_docker_has_it(const Store& store, const Image& image) {
  const Json own = stored_image(store, image);
  Json json = {{"Id", own["digest"]},
               {"RepoTags", Json::array({own["reference"]})},
               {"Created", own["created"]},
               {"Size", own["size"]}};
  for (const auto& [from, to] : {std::pair("architecture", "Architecture"), std::pair("os", "Os"),
                                 std::pair("config", "Config"), std::pair("rootfs", "RootFS")}) {
    json[to] = own["config"].value(from, Json());
  }
  return json;
}

// Nothing where no container is called that.
std::optional<std::string> container_of(const Places& places, const std::string& name) try {
  return find_container(places, name);
} catch (const Error&) {
  return std::nullopt;
}

// A container or, where there is none of that name, an image.
Json inspect_any(const Global& global, const Places& places, const std::string& name) {
  if (const auto id = container_of(places, name)) return to_json(places, look_at(places, *id));
  const Store store(global.root);
  try {
    return as_docker_has_it(store, find_image(store, name));
  } catch (const Error&) {
    find_container(places, name);  // throws, with a name that is near
    throw;
  }
}

void inspect(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  std::string text;
  Json list = Json::array();
  for (const std::string& name : arguments.positionals()) {
    list.push_back(inspect_any(global, places, name));
  }
  if (!arguments.has("format")) return print(shown(list));
  const Template form(arguments.value("format"));
  for (const Json& each : list) text += form.fill(each) + "\n";
  print(text);
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
  if (!arguments.has("format")) return print(shown(json));
  print(Template(arguments.value("format")).fill(json) + "\n");
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

const Command kContainerInspect = {
    "container inspect",
    "CONTAINER|IMAGE...",
    "all that is known of containers or images, as JSON",
    "",
    kInspectOptions,
    1,
    kAnyNumber,
    inspect,
};

}  // namespace gocker::cli
