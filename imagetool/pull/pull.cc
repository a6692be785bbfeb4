#include "imagetool/pull/pull.h"

#include <set>
#include <utility>
#include <vector>

#include "imagetool/layer/unpack.h"
#include "imagetool/platform.h"
#include "imagetool/registry/download.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "oci-spec/error.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

Image describe(const std::string& name, const ResolvedImage& resolved) {
  const Document& document = resolved.manifest;
  oci::Manifest manifest = oci::parse_manifest(document.bytes, document.digest);
  // A manifest need not name its type where the registry has said it.
  if (manifest.media_type.empty()) manifest.media_type = document.media_type;
  return make_image(name, document.digest, std::move(manifest),
                    oci::parse_image_config(resolved.config, "its config"));
}

// An index leads to the platform that was asked for; a lone manifest may be for any.
void check_platform(const Image& image, const LocatedImage& located, const PullOptions& options,
                    Progress& progress) {
  const oci::Platform& offered = image.config.platform;
  if (fitness(offered, located.platform) > 0) return;
  const std::string text = "the image is for " + to_text(offered);
  if (options.platform) throw Error(text + " alone, not for " + to_text(*options.platform));
  progress.warn(text + ", not for " + to_text(located.platform));
}

// The layers that the store lacks, each blob once.
std::vector<BlobDownload> missing_layers(const Image& image, Transaction& transaction) {
  std::vector<BlobDownload> missing;
  std::set<std::string> seen;
  const std::string count = std::to_string(image.layers.size());
  for (size_t i = 0; i < image.layers.size(); ++i) {
    const oci::Descriptor& blob = image.layers[i].blob;
    if (!seen.insert(blob.digest).second || transaction.has_blob(blob.digest)) continue;
    BlobDownload& download = missing.emplace_back();
    download.descriptor = blob;
    download.name = "layer " + std::to_string(i + 1) + " of " + count;
    download.file = transaction.draft_blob(blob.digest);
  }
  return missing;
}

void fetch_layers(Repository& repository, const Image& image, Transaction& transaction,
                  Progress& progress) {
  std::vector<BlobDownload> missing = missing_layers(image, transaction);
  std::set<std::string> told;
  uint64_t total = 0;
  for (const BlobDownload& blob : missing) total += blob.descriptor.size;
  download_blobs(repository, missing, [&] {
    uint64_t received = 0;
    for (const BlobDownload& blob : missing) {
      received += blob.received;
      if (!blob.complete || !told.insert(blob.name).second) continue;
      progress.finished(blob.name + " (" + human_size(blob.descriptor.size) + "): downloaded");
    }
    progress.update("downloading", received, total);
  });
  for (const BlobDownload& blob : missing) transaction.add_blob(blob.descriptor.digest);
}

void unpack(Transaction& transaction, const Image& image, Progress& progress) {
  for (const std::string& note : unpack_layers(transaction, image)) progress.warn(note);
  progress.finished(std::to_string(image.layers.size()) + " layers: unpacked");
}

std::string pull_checked(const Store& store, const Reference& reference, const PullOptions& options,
                         Progress& progress) {
  HttpClient client;
  LocatedImage located = locate(client, reference, options, progress);
  const Document& manifest = located.image.manifest;
  const Image image = describe(located.reference.name(), located.image);
  check_platform(image, located, options, progress);

  Transaction transaction(store);
  fetch_layers(located.repository, image, transaction, progress);
  transaction.put_blob(manifest.bytes);
  transaction.put_blob(located.image.config);
  if (options.unpack == PullOptions::Unpack::yes) unpack(transaction, image, progress);
  transaction.commit(ImageName{.reference = image.reference,
                               .digest = image.digest,
                               .media_type = image.manifest.media_type,
                               .size = manifest.bytes.size(),
                               .stands_for_latest = reference.tag != located.reference.tag});
  return image.digest;
}

}  // namespace

std::string pull(const Store& store, const Reference& reference, const PullOptions& options,
                 Progress& progress) {
  const std::string name = reference.name();
  const Doing doing("pull", name);
  try {
    return pull_checked(store, reference, options, progress);
  } catch (const oci::SpecError& error) {
    throw Error(error.what());  // what it says is right, but not of which image
  }
}

}  // namespace gocker
