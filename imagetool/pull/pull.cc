#include "imagetool/pull/pull.h"

#include <algorithm>
#include <memory>
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

// Lets others read the blobs while they arrive.
LayerUnpacking::Sources share(std::vector<BlobDownload>& downloads) {
  LayerUnpacking::Sources sources;
  for (BlobDownload& blob : downloads) {
    auto source = std::make_shared<GrowingBlob>(blob.file.duplicate(), blob.descriptor.size);
    blob.arrived = [source](uint64_t bytes) { source->grow(bytes); };
    sources.emplace(blob.descriptor.digest, std::move(source));
  }
  return sources;
}

class LayerPull {
 public:
  LayerPull(Transaction& transaction, const Image& image, PullOptions::Unpack unpack,
            Progress& progress)
      : transaction_(transaction),
        image_(image),
        progress_(progress),
        downloads_(missing_layers(image, transaction)) {
    for (const BlobDownload& blob : downloads_) total_ += blob.descriptor.size;
    if (unpack == PullOptions::Unpack::no) return;
    unpacking_ =
        std::make_unique<LayerUnpacking>(transaction, image, share(downloads_), LayerLimits());
  }

  void run(Repository& repository) {
    download_blobs(repository, downloads_, [this] { look(); });
    for (const BlobDownload& blob : downloads_) transaction_.add_blob(blob.descriptor.digest);
    if (!unpacking_) return;
    for (const std::string& note : unpacking_->finish()) progress_.warn(note);
    progress_.finished(std::to_string(image_.layers.size()) + " layers: unpacked");
  }

 private:
  // Now and then during the download.
  void look() {
    if (unpacking_) stop_where_unpacking_failed();
    uint64_t received = 0;
    for (const BlobDownload& blob : downloads_) {
      received += blob.received;
      if (!blob.complete) continue;
      if (!told_.insert(blob.name).second) continue;
      progress_.finished(blob.name + " (" + human_size(blob.descriptor.size) + "): downloaded");
    }
    progress_.update("downloading", received, total_);
  }

  // What is wrong with a blob is told once it is known that it is what was asked for.
  void stop_where_unpacking_failed() {
    const std::string failed = unpacking_->failed_blob();
    if (failed.empty()) return;
    const bool is_on_its_way =
        std::any_of(downloads_.begin(), downloads_.end(), [&](const BlobDownload& blob) {
          return blob.descriptor.digest == failed && !blob.complete;
        });
    if (!is_on_its_way) unpacking_->finish();
  }

  Transaction& transaction_;
  const Image& image_;
  Progress& progress_;
  std::vector<BlobDownload> downloads_;
  uint64_t total_ = 0;
  std::set<std::string> told_;  // the downloads that a person knows to be complete
  std::unique_ptr<LayerUnpacking> unpacking_;
};

std::string pull_checked(const Store& store, const Reference& reference, const PullOptions& options,
                         Progress& progress) {
  HttpClient client;
  LocatedImage located = locate(client, reference, options, progress);
  const Document& manifest = located.image.manifest;
  const Image image = describe(located.reference.name(), located.image);
  check_platform(image, located, options, progress);

  Transaction transaction(store);
  LayerPull(transaction, image, options.unpack, progress).run(located.repository);
  transaction.put_blob(manifest.bytes);
  transaction.put_blob(located.image.config);
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
