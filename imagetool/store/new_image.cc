#include "imagetool/store/new_image.h"

#include <utility>

namespace gocker {
namespace {

namespace media = oci::media_type;

// The bytes of a layer are the same under Docker's name and under OCI's.
std::string oci_type(const std::string& type) {
  if (type == media::kDockerLayerGzip) return std::string(media::kLayerGzip);
  if (type == media::kDockerLayer) return std::string(media::kLayer);
  return type;
}

oci::Descriptor put_document(Transaction& transaction, std::string_view media_type,
                             const std::string& content) {
  oci::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = transaction.put_blob(content);
  descriptor.size = content.size();
  return descriptor;
}

}  // namespace

ImageName put_image(Transaction& transaction, const std::string& reference,
                    const std::vector<ImageLayer>& layers, oci::ImageConfig config) {
  oci::Manifest manifest;
  manifest.media_type = media::kManifest;
  config.diff_ids.clear();
  for (const ImageLayer& layer : layers) {
    oci::Descriptor& descriptor = manifest.layers.emplace_back();
    descriptor.media_type = oci_type(layer.blob.media_type);
    descriptor.digest = layer.blob.digest;
    descriptor.size = layer.blob.size;
    config.diff_ids.push_back(layer.diff_id);
  }
  manifest.config = put_document(transaction, media::kConfig, oci::to_json(config));
  oci::Descriptor named = put_document(transaction, media::kManifest, oci::to_json(manifest));
  return {reference, std::move(named.digest), std::move(named.media_type), named.size};
}

}  // namespace gocker
