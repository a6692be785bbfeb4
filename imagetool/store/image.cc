#include "imagetool/store/image.h"

#include <algorithm>
#include <array>

#include "imagetool/digest.h"
#include "imagetool/reference.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kNameAnnotation = "org.opencontainers.image.ref.name";
constexpr const char* kLatestAnnotation = "io.gocker.stands-for-latest";
constexpr size_t kMinDigits = 6;

namespace media = oci::media_type;
constexpr std::array kLayerTypes = {media::kLayer, media::kLayerGzip, media::kLayerZstd,
                                    media::kDockerLayer, media::kDockerLayerGzip};

void check_layer_type(std::string_view type, size_t number) {
  if (std::find(kLayerTypes.begin(), kLayerTypes.end(), type) != kLayerTypes.end()) return;
  const std::string layer = "layer " + std::to_string(number) + ": ";
  if (type.find("nondistributable") != std::string_view::npos ||
      type.find(".foreign.") != std::string_view::npos) {
    throw Error(layer + "registries may not distribute it (" + std::string(type) +
                "), so it cannot be pulled");
  }
  throw Error(layer + "unknown media type '" + std::string(type) + "'");
}

void check_config_type(std::string_view type) {
  if (type == media::kConfig || type == media::kDockerConfig) return;
  throw Error(
      std::string("no image of a container: its config is of the type '").append(type).append("'"));
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

oci::Index read_index(const Store& store) {
  return oci::parse_index(read_file_at(store.directory(), "index.json"),
                          store.root() + "/index.json");
}

void write_index(const Store& store, const std::vector<ImageName>& names) {
  oci::Index index;
  index.media_type = media::kIndex;
  for (const ImageName& name : names) {
    oci::Descriptor descriptor;
    descriptor.media_type = name.media_type;
    descriptor.digest = name.digest;
    descriptor.size = name.size;
    descriptor.annotations.emplace(kNameAnnotation, name.reference);
    if (name.stands_for_latest) descriptor.annotations.emplace(kLatestAnnotation, "true");
    index.manifests.push_back(std::move(descriptor));
  }
  replace_file_at(store.directory(), "index.json", oci::to_json(index), 0600, Sync::yes);
}

void erase_name(std::vector<ImageName>& names, std::string_view reference) {
  std::erase_if(names, [&](const ImageName& name) { return name.reference == reference; });
}

void set_name(std::vector<ImageName>& names, const ImageName& name) {
  erase_name(names, name.reference);
  if (name.stands_for_latest) {
    const std::string repository = parse_reference(name.reference).repository();
    for (ImageName& other : names) {
      other.stands_for_latest =
          other.stands_for_latest && parse_reference(other.reference).repository() != repository;
    }
  }
  names.push_back(name);
}

// The name itself, or else one in the same repository for the digest that is asked for.
const ImageName* find_reference(const std::vector<ImageName>& names, const Reference& wanted) {
  const auto find = [&](const auto& fits) {
    const auto found = std::find_if(names.begin(), names.end(), fits);
    return found == names.end() ? nullptr : &*found;
  };
  const auto same_name = [&](const ImageName& name) { return name.reference == wanted.name(); };
  if (const ImageName* found = find(same_name)) return found;
  const auto same_repository = [&](const ImageName& name) {
    return parse_reference(name.reference).repository() == wanted.repository();
  };
  if (wanted.tag_left_out) {
    return find(
        [&](const ImageName& name) { return name.stands_for_latest && same_repository(name); });
  }
  if (wanted.digest.empty()) return nullptr;
  return find(
      [&](const ImageName& name) { return name.digest == wanted.digest && same_repository(name); });
}

// The images whose digest starts with these digits; the same image under several names counts once.
std::vector<ImageName> by_digits(const std::vector<ImageName>& names, std::string_view text) {
  if (text.starts_with("sha256:")) text.remove_prefix(7);
  std::vector<ImageName> found;
  if (text.size() < kMinDigits || !is_hexadecimal(text)) return found;
  for (const ImageName& name : names) {
    if (!digest_hex(name.digest).starts_with(text)) continue;
    const auto same = [&](const ImageName& other) { return other.digest == name.digest; };
    if (std::none_of(found.begin(), found.end(), same)) found.push_back(name);
  }
  return found;
}

}  // namespace

std::vector<std::string> Image::chain_ids() const {
  std::vector<std::string> ids;
  ids.reserve(layers.size());
  for (const ImageLayer& layer : layers) ids.push_back(layer.chain_id);
  return ids;
}

Image make_image(std::string reference, std::string digest, oci::Manifest manifest,
                 oci::ImageConfig config) {
  check_config_type(manifest.config.media_type);
  if (manifest.layers.size() != config.diff_ids.size()) {
    throw Error("its manifest has " + std::to_string(manifest.layers.size()) +
                " layers and its config " + std::to_string(config.diff_ids.size()) + " diff_ids");
  }
  Image image;
  std::string chain;
  for (size_t i = 0; i < manifest.layers.size(); ++i) {
    check_layer_type(manifest.layers[i].media_type, i + 1);
    chain = chain_id(chain, config.diff_ids[i]);
    image.layers.push_back({manifest.layers[i], config.diff_ids[i], chain});
  }
  image.reference = std::move(reference);
  image.digest = std::move(digest);
  image.manifest = std::move(manifest);
  image.config = std::move(config);
  return image;
}

Image load_image(const Store& store, const std::string& reference, const std::string& digest) {
  const Doing doing("load image", reference.empty() ? digest : reference);
  oci::Manifest manifest =
      oci::parse_manifest(store.read_blob(digest, kMaxDocumentSize), "manifest");
  oci::ImageConfig config =
      oci::parse_image_config(store.read_blob(manifest.config.digest, kMaxDocumentSize), "config");
  return make_image(reference, digest, std::move(manifest), std::move(config));
}

std::vector<ImageName> image_names(const Store& store) {
  std::vector<ImageName> names;
  for (oci::Descriptor& descriptor : read_index(store).manifests) {
    const auto annotation = descriptor.annotations.find(std::string(kNameAnnotation));
    if (annotation == descriptor.annotations.end()) continue;
    names.push_back({annotation->second, std::move(descriptor.digest),
                     std::move(descriptor.media_type), descriptor.size,
                     descriptor.annotations.contains(kLatestAnnotation)});
  }
  std::sort(names.begin(), names.end(),
            [](const ImageName& a, const ImageName& b) { return a.reference < b.reference; });
  return names;
}

ImageName find_image_name(const Store& store, std::string_view text) {
  const std::vector<ImageName> names = image_names(store);
  if (!oci::is_digest(text)) {
    if (const ImageName* found = find_reference(names, parse_reference(text))) return *found;
  }
  const std::vector<ImageName> found = by_digits(names, text);
  if (found.size() == 1) return found[0];
  if (found.size() > 1) {
    throw Error(std::string("'").append(text).append("' fits several images; give more digits"));
  }
  throw Error(std::string("no such image: ")
                  .append(text)
                  .append(" (gocker images lists them, gocker pull fetches one)"),
              ENOENT);
}

std::vector<ImageName> find_image_names(const Store& store, std::string_view text) {
  const ImageName found = find_image_name(store, text);
  std::string_view digits = text;
  if (digits.starts_with("sha256:")) digits.remove_prefix(7);
  const bool is_named = !digest_hex(found.digest).starts_with(digits);
  if (is_named) return {found};
  std::vector<ImageName> names = image_names(store);
  std::erase_if(names, [&](const ImageName& name) { return name.digest != found.digest; });
  return names;
}

Image find_image(const Store& store, std::string_view text) {
  const ImageName name = find_image_name(store, text);
  Image image = load_image(store, name.reference, name.digest);
  if (image.manifest.media_type.empty()) image.manifest.media_type = name.media_type;
  return image;
}

void set_image_name(const Store& store, const ImageName& name) {
  set_image_names(store, {&name, 1});
}

void set_image_names(const Store& store, std::span<const ImageName> named) {
  std::vector<ImageName> names = image_names(store);
  for (const ImageName& name : named) set_name(names, name);
  write_index(store, names);
}

void remove_image_name(const Store& store, std::string_view reference) {
  std::vector<ImageName> names = image_names(store);
  erase_name(names, reference);
  write_index(store, names);
}

}  // namespace gocker
