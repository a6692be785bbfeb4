#include "tests/unit/imagetool/store_fixture.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "imagetool/digest.h"

namespace gocker {

ImageName StoreTest::fill(Transaction& transaction, const std::string& reference,
                          const std::vector<std::string>& layers) {
  oci::ImageConfig config;
  config.platform = {"amd64", "linux", "", ""};
  oci::Manifest manifest;
  manifest.media_type = oci::media_type::kManifest;
  for (const std::string& layer : layers) {
    oci::Descriptor& descriptor = manifest.layers.emplace_back();
    descriptor.media_type = oci::media_type::kLayer;
    descriptor.digest = transaction.put_blob(layer);
    descriptor.size = layer.size();
    config.diff_ids.push_back(descriptor.digest);
  }
  const std::string config_bytes = oci::to_json(config);
  manifest.config.media_type = oci::media_type::kConfig;
  manifest.config.digest = transaction.put_blob(config_bytes);
  manifest.config.size = config_bytes.size();
  const std::string bytes = oci::to_json(manifest);
  const Image image = make_image(reference, transaction.put_blob(bytes), manifest, config);
  for (size_t i = 0; i < layers.size(); ++i) {
    if (transaction.has_layer(image.layers[i].chain_id)) continue;
    LayerDraft draft = transaction.draft_layer();
    open_file_at(draft.tree(), layers[i], O_WRONLY | O_CREAT, 0644);
    transaction.add_layer(std::move(draft), image.layers[i].chain_id);
  }
  return {reference, image.digest, manifest.media_type, bytes.size()};
}

std::string StoreTest::add_image(const std::string& reference,
                                 const std::vector<std::string>& layers) {
  Transaction transaction(store_);
  const ImageName name = fill(transaction, reference, layers);
  transaction.commit(name);
  return name.digest;
}

std::vector<std::string> StoreTest::listing() const {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store_.root())) {
    if (entry.path().filename() == "lock") continue;
    const std::string size = entry.is_regular_file() ? std::to_string(entry.file_size()) : "-";
    paths.push_back(entry.path().string() + " " + size);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace gocker
