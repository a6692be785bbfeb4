#include "imagetool/archive/save.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "imagetool/archive/docker_manifest.h"
#include "imagetool/digest.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/tar_writer.h"
#include "imagetool/reference.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr const char* kLayout = R"({"imageLayoutVersion":"1.0.0"})";
constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;
constexpr size_t kChunk = 256 << 10;

std::string blob_path(std::string_view digest) {
  return "blobs/sha256/" + digest_hex(digest);
}

// Docker takes no name with a digest.
bool has_tag(const Image& image) {
  return !image.reference.empty() && parse_reference(image.reference).digest.empty();
}

std::string docker_manifest_of(const std::vector<Image>& images) {
  std::vector<DockerManifestEntry> entries;
  for (const Image& image : images) {
    const std::string config = blob_path(image.manifest.config.digest);
    auto same = std::find_if(entries.begin(), entries.end(),
                             [&](const auto& entry) { return entry.config == config; });
    if (same == entries.end()) {
      same = entries.insert(entries.end(), {config, {}, {}});
      for (const ImageLayer& layer : image.layers)
        same->layers.push_back(blob_path(layer.blob.digest));
    }
    if (has_tag(image)) same->names.push_back(image.reference);
  }
  return to_json(entries);
}

// Names as podman and skopeo look for them, and as containerd does.
std::string index_of(const Store& store, const std::vector<Image>& images) {
  oci::Index index;
  index.media_type = oci::media_type::kIndex;
  for (const Image& image : images) {
    oci::Descriptor& descriptor = index.manifests.emplace_back();
    descriptor.media_type = image.manifest.media_type;
    descriptor.digest = image.digest;
    descriptor.size =
        static_cast<uint64_t>(stat_fd(store.open_blob(image.digest), image.digest).st_size);
    if (image.reference.empty()) continue;
    descriptor.annotations.emplace("org.opencontainers.image.ref.name", image.reference);
    if (has_tag(image)) descriptor.annotations.emplace("io.containerd.image.name", image.reference);
  }
  return oci::to_json(index);
}

class ArchiveWriter {
 public:
  ArchiveWriter(Transaction& transaction, const Fd& out)
      : transaction_(transaction),
        tar_([&out](std::string_view bytes) { write_all(out, bytes, "the archive"); }) {}

  void add_directory(std::string_view path) {
    TarEntry entry;
    entry.type = EntryType::directory;
    entry.path = path;
    entry.mode = kDirectoryMode;
    tar_.add(entry, {});
  }

  void add_file(std::string_view path, std::string_view content) {
    begin_file(path, content.size());
    tar_.write(content);
  }

  // Once, however many images have it.
  void add_blob(const std::string& digest) {
    if (!written_.insert(digest).second) return;
    const Doing doing("write blob", digest);
    const Fd blob = transaction_.open_blob(digest);
    const auto size = static_cast<uint64_t>(stat_fd(blob, digest).st_size);
    begin_file(blob_path(digest), size);
    Sha256 hash;
    std::vector<char> buffer(kChunk);
    for (uint64_t left = size; left > 0;) {
      check_interrupt();
      const ssize_t got = check(::read(blob.get(), buffer.data(), buffer.size()), "read");
      if (got == 0) throw Error("it became shorter while it was read");
      const std::string_view bytes(buffer.data(),
                                   std::min<uint64_t>(static_cast<size_t>(got), left));
      hash.update(bytes);
      tar_.write(bytes);
      left -= bytes.size();
    }
    if (hash.finish() != digest) throw Error("it is damaged (see gocker-image fsck)");
  }

  void finish() { tar_.finish(); }

 private:
  void begin_file(std::string_view path, uint64_t size) {
    TarEntry entry;
    entry.path = path;
    entry.mode = kFileMode;
    entry.size = size;
    tar_.add(entry, {});
  }

  Transaction& transaction_;
  TarWriter tar_;
  std::set<std::string> written_;
};

// Keeps them from gc, too.
void require_blobs(Transaction& transaction, const Image& image) {
  std::vector<std::string> digests{image.digest, image.manifest.config.digest};
  for (const ImageLayer& layer : image.layers) digests.push_back(layer.blob.digest);
  for (const std::string& digest : digests) {
    if (transaction.has_blob(digest)) continue;
    throw Error("blob " + digest + " is not in the store: pull the image again");
  }
}

}  // namespace

ArchiveFormat parse_archive_format(std::string_view text) {
  if (text == "docker-archive") return ArchiveFormat::docker;
  if (text == "oci-archive") return ArchiveFormat::oci;
  throw Error("'" + std::string(text) + "' is neither docker-archive nor oci-archive");
}

void save(const Store& store, const std::vector<Image>& images, ArchiveFormat format,
          const Fd& out) {
  const Doing doing("save");
  Transaction transaction(store);
  for (const Image& image : images) require_blobs(transaction, image);
  ArchiveWriter writer(transaction, out);
  writer.add_file("oci-layout", kLayout);
  writer.add_file("index.json", index_of(store, images));
  if (format == ArchiveFormat::docker) writer.add_file("manifest.json", docker_manifest_of(images));
  writer.add_directory("blobs/");
  writer.add_directory("blobs/sha256/");
  for (const Image& image : images) {
    writer.add_blob(image.digest);
    writer.add_blob(image.manifest.config.digest);
    for (const ImageLayer& layer : image.layers) writer.add_blob(layer.blob.digest);
  }
  writer.finish();
}

}  // namespace gocker
