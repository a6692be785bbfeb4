#include "imagetool/pull/pull.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "imagetool/interrupt.h"
#include "imagetool/layer/unpack.h"
#include "imagetool/platform.h"
#include "imagetool/registry/download.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "oci-spec/error.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

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
  for (size_t i = 0; i < image.layers.size(); ++i) {
    const oci::Descriptor& blob = image.layers[i].blob;
    if (!seen.insert(blob.digest).second || transaction.has_blob(blob.digest)) continue;
    BlobDownload& download = missing.emplace_back();
    download.descriptor = blob;
    download.name = layer_name(i, image.layers.size());
    download.file = transaction.resume_blob(blob.digest);
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
  LayerPull(Transaction& transaction, const Image& image, const PullOptions& options,
            Progress& progress)
      : transaction_(transaction),
        image_(image),
        progress_(progress),
        downloads_(missing_layers(image, transaction)) {
    if (options.unpack == PullOptions::Unpack::no) return;
    unpacking_ =
        std::make_unique<LayerUnpacking>(transaction, image, share(downloads_), options.limits);
  }

  void run(Repository& repository) {
    download_blobs(repository, downloads_, [this] { look(); });
    for (const BlobDownload& blob : downloads_) transaction_.add_blob(blob.descriptor.digest);
    if (!unpacking_) return;
    for (const std::string& note : unpacking_->finish([this] { show(); })) progress_.warn(note);
    progress_.finished(std::to_string(image_.layers.size()) + " layers: unpacked");
  }

 private:
  // Now and then during the download.
  void look() {
    if (unpacking_) stop_where_unpacking_failed();
    for (const BlobDownload& blob : downloads_) {
      if (!blob.complete || !told_.insert(blob.name).second) continue;
      progress_.finished(blob.name + " (" + human_size(blob.descriptor.size) + "): downloaded");
    }
    show();
  }

  void show() {
    std::vector<ProgressRow> rows;
    for (size_t i = 0; i < image_.layers.size(); ++i) rows.push_back(row_of(i));
    progress_.update(rows);
  }

  ProgressRow row_of(size_t index) const {
    const oci::Descriptor& blob = image_.layers[index].blob;
    ProgressRow row{layer_name(index, image_.layers.size()), "done", blob.size, blob.size};
    const auto download = std::find_if(
        downloads_.begin(), downloads_.end(),
        [&](const BlobDownload& each) { return each.descriptor.digest == blob.digest; });
    if (download != downloads_.end() && !download->complete) {
      row.action = kDownloading;
      row.done = download->received;
    } else if (unpacking_) {
      const LayerUnpacking::Progress progress = unpacking_->progress(index);
      if (progress.state == LayerUnpacking::State::done) return row;
      row.action = progress.state == LayerUnpacking::State::running ? "unpacking" : "waiting";
      row.done = std::min(progress.bytes, blob.size);
    }
    return row;
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
  std::set<std::string> told_;  // the downloads that a person knows to be complete
  std::unique_ptr<LayerUnpacking> unpacking_;
};

// What has arrived is kept where the way there is to blame, not what came.
void pull_layers(Repository& repository, Transaction& transaction, const Image& image,
                 const PullOptions& options, Progress& progress) {
  try {
    LayerPull(transaction, image, options, progress).run(repository);
  } catch (const HttpFailure&) {
    transaction.keep_partial_blobs();
    throw;
  } catch (const Refusal&) {
    transaction.keep_partial_blobs();
    throw;
  } catch (const Interrupted&) {
    transaction.keep_partial_blobs();
    throw;
  }
}

std::string pull_checked(const Store& store, const Reference& reference, const PullOptions& options,
                         Progress& progress) {
  HttpClient client(options.certificates);
  LocatedImage located = locate(client, reference, options, progress);
  const Document& manifest = located.image.manifest;
  const Image image = image_of(located);
  check_platform(image, located, options, progress);

  Transaction transaction(store);
  pull_layers(located.repository, transaction, image, options, progress);
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
