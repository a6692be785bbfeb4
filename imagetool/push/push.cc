#include "imagetool/push/push.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "imagetool/push/image_blobs.h"
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

std::vector<BlobUpload> uploads_of(const Parcel& parcel, const Transaction& transaction,
                                   const std::map<std::string, std::string>& sources) {
  std::vector<BlobUpload> uploads;
  std::set<std::string> done;
  for (ImageBlob& blob : blobs_of(parcel.image.manifest, done)) {
    BlobUpload& upload = uploads.emplace_back();
    upload.descriptor = blob.descriptor;
    upload.name = std::move(blob.name);
    upload.file = open_blob(transaction, parcel.files, blob.descriptor.digest);
    const auto source = sources.find(blob.descriptor.digest);
    if (source != sources.end()) upload.mount_from = source->second;
  }
  return uploads;
}

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
  std::vector<BlobUpload> uploads = uploads_of(parcel, transaction, sources);
  push_blobs(repository.connection(), uploads, progress);
  repository.put_manifest(target.version(),
                          {parcel.manifest, parcel.image.manifest.media_type, digest});
  return digest;
}

}  // namespace gocker
