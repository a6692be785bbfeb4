// Images of the store and the names they go by.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/store.h"
#include "oci-spec/image_spec.h"

namespace gocker {

// Documents from registries are small; what is larger is refused (8 MiB).
inline constexpr size_t kMaxDocumentSize = 8 << 20;

struct ImageLayer {
  oci::Descriptor
      blob;             // as the manifest names it: media type, digest and size of the packed bytes
  std::string diff_id;  // of the tar stream
  std::string chain_id;  // of this layer on all below it; names the unpacked directory
};

struct Image {
  std::string reference;  // "docker.io/library/alpine:latest"; empty where it has lost its name
  std::string digest;     // of the manifest
  oci::Manifest manifest;
  oci::ImageConfig config;
  std::vector<ImageLayer> layers;  // the base first

  std::vector<std::string> chain_ids() const;  // of `layers`, the base first
};

// Joins the two documents. Throws where they disagree on the number of layers, where a layer's
// media type is unknown, and for layers that registries do not distribute.
Image make_image(std::string reference, std::string digest, oci::Manifest manifest,
                 oci::ImageConfig config);

// The manifest and the config below `digest` from the store, read and checked.
Image load_image(const Store& store, const std::string& reference, const std::string& digest);

struct ImageName {
  std::string reference;
  std::string digest;      // of the manifest
  std::string media_type;  // of the manifest
  uint64_t size = 0;       // of the manifest, bytes
  // It was pulled without a tag, and the registry had no "latest": it is what the repository's name
  // alone means here, as long as there is no "latest".
  bool stands_for_latest = false;
};

// All names, sorted by reference.
std::vector<ImageName> image_names(const Store& store);

// The image that a person means by `text`: a reference in Docker's short form, or (where no name
// fits) at least six digits of a manifest's digest. Throws "no such image" (what to do) or tells
// that the digits fit several.
ImageName find_image_name(const Store& store, std::string_view text);
// The names that `text` stands for: a reference itself, or for digits every name of that image.
std::vector<ImageName> find_image_names(const Store& store, std::string_view text);
Image find_image(const Store& store, std::string_view text);

// All need the exclusive lock. Naming takes the name away from the image that had it.
void set_image_name(const Store& store, const ImageName& name);
void set_image_names(const Store& store, std::span<const ImageName> names);  // all at once
void remove_image_name(const Store& store, std::string_view reference);

}  // namespace gocker
