#include "imagetool/push/push.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "imagetool/push/mount_sources.h"
#include "imagetool/push/repack.h"
#include "imagetool/push/target.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/repository.h"
#include "imagetool/registry/upload.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

using Files = std::map<std::string, Fd>;  // blobs that are not in the store, by digest

// What goes to the registry: an image of the store, or the same packed anew.
struct Parcel {
  Image image;
  std::string manifest;
  Files files;
};

Parcel parcel_of(Transaction& transaction, const Image& image, const PushOptions& options) {
  for (const ImageLayer& layer : image.layers) {
    if (transaction.has_blob(layer.blob.digest)) continue;
    throw Error("blob " + layer.blob.digest + " is not in the store: pull the image again");
  }
  if (options.packing) {
    RepackedImage packed = repack(transaction, image, *options.packing);
    return {std::move(packed.image), std::move(packed.manifest), std::move(packed.files)};
  }
  return {image, transaction.store().read_blob(image.digest, kMaxDocumentSize), {}};
}

Fd open_blob(const Transaction& transaction, const Files& files, const std::string& digest) {
  const auto found = files.find(digest);
  return found == files.end() ? transaction.open_blob(digest) : found->second.duplicate();
}

// Each blob once, the config last: it is small, and layers are what takes time.
std::vector<BlobUpload> uploads_of(const Parcel& parcel, const Transaction& transaction,
                                   const std::map<std::string, std::string>& sources) {
  std::vector<BlobUpload> uploads;
  std::set<std::string> seen;
  const auto add = [&](const oci::Descriptor& blob, std::string name) {
    if (!seen.insert(blob.digest).second) return;
    BlobUpload& upload = uploads.emplace_back();
    upload.descriptor = blob;
    upload.name = std::move(name);
    upload.file = open_blob(transaction, parcel.files, blob.digest);
    const auto source = sources.find(blob.digest);
    if (source != sources.end()) upload.mount_from = source->second;
  };
  const std::vector<ImageLayer>& layers = parcel.image.layers;
  for (size_t i = 0; i < layers.size(); ++i) {
    add(layers[i].blob, "layer " + std::to_string(i + 1) + " of " + std::to_string(layers.size()));
  }
  add(parcel.image.manifest.config, "config");
  return uploads;
}

class BlobsPush {
 public:
  BlobsPush(std::vector<BlobUpload> blobs, Progress& progress)
      : blobs_(std::move(blobs)), progress_(progress) {}

  void run(RegistryConnection& connection) {
    std::vector<std::unique_ptr<Transfer>> transfers;
    transfers.reserve(blobs_.size());
    for (BlobUpload& blob : blobs_) {
      if (!blob.mount_from.empty()) connection.also_read(blob.mount_from);
      transfers.push_back(make_upload(connection, blob));
    }
    run_transfers(connection.client(), transfers, [this] { show(); });
  }

 private:
  void show() {
    std::vector<ProgressRow> rows;
    for (const BlobUpload& blob : blobs_) {
      if (blob.complete() && told_.insert(blob.name).second) progress_.finished(outcome_of(blob));
      const std::string_view action = blob.complete() ? "done" : kUploading;
      rows.push_back({blob.name, action, blob.sent, blob.descriptor.size});
    }
    progress_.update(rows);
  }

  std::vector<BlobUpload> blobs_;
  Progress& progress_;
  std::set<std::string> told_;  // what a person knows to be there
};

}  // namespace

std::string push(const Store& store, const Image& image, const Reference& target,
                 const PushOptions& options, Progress& progress) {
  const std::string name = target.name();
  const Doing doing("push", name);
  Transaction transaction(store);
  const Parcel parcel = parcel_of(transaction, image, options);
  const std::string& digest = parcel.image.digest;
  if (!target.digest.empty() && target.digest != digest) {
    throw Error("the image's digest is " + digest);
  }

  HttpClient client(options.certificates);
  Repository repository = open_target(client, target, {options.transport, options.credentials});
  // Whoever has the manifest has its blobs. The first request also shows whether anybody is there.
  if (repository.digest_of_manifest(target.version()) == digest) {
    progress.finished("all of it: already there");
    return digest;
  }
  const auto sources = mount_sources(store, parcel.image, repository.endpoint());
  BlobsPush(uploads_of(parcel, transaction, sources), progress).run(repository.connection());
  repository.put_manifest(target.version(),
                          {parcel.manifest, parcel.image.manifest.media_type, digest});
  return digest;
}

}  // namespace gocker
