#include "imagetool/push/copy.h"

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "imagetool/platform.h"
#include "imagetool/pull/resolve.h"
#include "imagetool/push/copy_blobs.h"
#include "imagetool/push/image_blobs.h"
#include "imagetool/push/image_layout.h"
#include "imagetool/push/source.h"
#include "imagetool/registry/download.h"
#include "oci-spec/error.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

// Children first, what the name is to lead to last.
std::vector<Document> wanted_documents(const DocumentSource& source, const Document& top,
                                       const ImageCopyOptions& options) {
  if (options.platforms == ImageCopyOptions::Platforms::all) return all_documents(source, top);
  if (!is_index(top)) return {top};
  return {find_manifest(source, top, options.platform.value_or(host_platform()))};
}

oci::Manifest manifest_in(const Document& document) {
  return oci::parse_manifest(document.bytes, "manifest " + document.digest);
}

// The blobs of a manifest on their way.
using CarryBlobs = std::function<void(const oci::Manifest& manifest)>;

// The blobs first, then the documents that name them.
std::string put_all(const std::vector<Document>& documents, Repository& target, const Reference& to,
                    const CarryBlobs& carry, Progress& progress) {
  const std::string& digest = documents.back().digest;
  if (!to.digest.empty() && to.digest != digest) throw Error("the image's digest is " + digest);
  if (target.digest_of_manifest(to.version()) == digest) {
    progress.finished("all of it: already there");
    return digest;
  }
  for (const Document& document : documents) {
    if (!is_index(document)) carry(manifest_in(document));
    target.put_manifest(document.digest == digest ? to.version() : document.digest, document);
  }
  return digest;
}

std::string copy_between(const Reference& from, const Reference& to,
                         const ImageCopyOptions& options, Progress& progress) {
  HttpClient client(options.certificates);
  SourceImage source = open_source(client, from, options.source);
  const std::vector<Document> documents =
      wanted_documents(documents_of(source.repository), source.top, options);
  Repository target = open_target(client, to, options.target);
  std::set<std::string> done;
  const auto carry = [&](const oci::Manifest& manifest) {
    copy_blobs(source.repository, target, manifest, done, progress);
  };
  return put_all(documents, target, to, carry, progress);
}

std::string send_layout(const LayoutPlace& from, const Reference& to,
                        const ImageCopyOptions& options, Progress& progress) {
  const ImageLayout layout = ImageLayout::open(from.directory);
  const auto get = [&layout](const oci::Descriptor& each) { return layout.document(each); };
  const std::vector<Document> documents =
      wanted_documents(get, get(layout.find(from.name)), options);
  HttpClient client(options.certificates);
  Repository target = open_target(client, to, options.target);
  std::set<std::string> done;
  const auto carry = [&](const oci::Manifest& manifest) {
    std::vector<BlobUpload> uploads;
    for (ImageBlob& blob : blobs_of(manifest, done)) {
      BlobUpload& upload = uploads.emplace_back();
      upload.file = layout.open_blob(blob.descriptor);
      upload.descriptor = std::move(blob.descriptor);
      upload.name = std::move(blob.name);
    }
    push_blobs(target.connection(), uploads, progress);
  };
  return put_all(documents, target, to, carry, progress);
}

void fetch_blobs(Repository& source, const ImageLayout& layout, const oci::Manifest& manifest,
                 std::set<std::string>& done, Progress& progress) {
  std::vector<BlobDownload> downloads;
  for (ImageBlob& blob : blobs_of(manifest, done)) {
    if (layout.has_blob(blob.descriptor.digest)) continue;
    BlobDownload& download = downloads.emplace_back();
    download.file = layout.begin_blob(blob.descriptor.digest);
    download.descriptor = std::move(blob.descriptor);
    download.name = std::move(blob.name);
  }
  std::set<std::string> kept;
  download_blobs(source, downloads, [&] {
    std::vector<ProgressRow> rows;
    for (const BlobDownload& each : downloads) {
      const uint64_t size = each.descriptor.size;
      rows.push_back({each.name, each.complete ? "done" : kDownloading, each.received, size});
      if (!each.complete || !kept.insert(each.descriptor.digest).second) continue;
      layout.keep_blob(each.descriptor.digest);
      progress.finished(each.name + " (" + human_size(size) + "): downloaded");
    }
    progress.update(rows);
  });
}

std::string fetch_layout(const Reference& from, const LayoutPlace& to,
                         const ImageCopyOptions& options, Progress& progress) {
  HttpClient client(options.certificates);
  SourceImage source = open_source(client, from, options.source);
  const std::vector<Document> documents =
      wanted_documents(documents_of(source.repository), source.top, options);
  const ImageLayout layout = ImageLayout::open_or_make(to.directory);
  std::set<std::string> done;
  for (const Document& document : documents) {
    if (!is_index(document)) {
      fetch_blobs(source.repository, layout, manifest_in(document), done, progress);
    }
    layout.put(document);
  }
  layout.set_name(to.name, documents.back());
  return documents.back().digest;
}

std::string text_of(const LayoutPlace& place) {
  return "oci:" + place.directory + (place.name.empty() ? "" : ":" + place.name);
}

// What a malformed document says is right, but not of which image.
template <class Copy>
std::string copying(const std::string& from, const std::string& to, const Copy& copy) {
  const Doing doing("copy", from);
  const Doing aiming("to", to);
  try {
    return copy();
  } catch (const oci::SpecError& error) {
    throw Error(error.what());
  }
}

}  // namespace

std::string copy_image(const Reference& source, const Reference& target,
                       const ImageCopyOptions& options, Progress& progress) {
  return copying(source.name(), target.name(),
                 [&] { return copy_between(source, target, options, progress); });
}

std::string copy_to_layout(const Reference& source, const LayoutPlace& target,
                           const ImageCopyOptions& options, Progress& progress) {
  return copying(source.name(), text_of(target),
                 [&] { return fetch_layout(source, target, options, progress); });
}

std::string copy_from_layout(const LayoutPlace& source, const Reference& target,
                             const ImageCopyOptions& options, Progress& progress) {
  return copying(text_of(source), target.name(),
                 [&] { return send_layout(source, target, options, progress); });
}

}  // namespace gocker
