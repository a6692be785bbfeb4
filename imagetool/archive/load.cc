#include "imagetool/archive/load.h"

#include <algorithm>
#include <utility>

#include "imagetool/archive/archive_files.h"
#include "imagetool/archive/archive_input.h"
#include "imagetool/archive/docker_manifest.h"
#include "imagetool/digest.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/packing.h"
#include "imagetool/layer/unpack.h"
#include "imagetool/platform.h"
#include "imagetool/reference.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "oci-spec/error.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

namespace media = oci::media_type;

constexpr const char* kNameAnnotation = "org.opencontainers.image.ref.name";
constexpr const char* kContainerdName = "io.containerd.image.name";
constexpr size_t kDigits = 12;
constexpr int kMaxIndexes = 3;

// An image whose blobs the transaction has got.
struct Found {
  Image image;
  std::string media_type;
  uint64_t size = 0;  // of the manifest
};

std::string blob_name(std::string_view digest) {
  return "blobs/sha256/" + digest_hex(digest);
}

// --- oci-archive ---------------------------------------------------------------------------------

const ArchivedFile& checked_blob(const ArchiveFiles& files, const oci::Descriptor& blob) {
  const std::string name = blob_name(blob.digest);
  const ArchivedFile& file = files.file(name);
  if (file.digest != blob.digest) {
    throw Error(name + ": its content has the digest " + file.digest);
  }
  if (file.size == blob.size) return file;
  throw Error(name + ": it has " + std::to_string(file.size) + " bytes, not " +
              std::to_string(blob.size));
}

// The image for the platform behind a descriptor, which may be that of an index.
oci::Descriptor find_manifest(const ArchiveFiles& files, oci::Descriptor descriptor,
                              const oci::Platform& wanted) {
  for (int depth = 0; depth < kMaxIndexes; ++depth) {
    checked_blob(files, descriptor);
    const std::string name = "manifest " + descriptor.digest;
    const std::string text = files.document(blob_name(descriptor.digest));
    if (oci::kind_of(text, descriptor.media_type, name) == oci::DocumentKind::manifest) {
      return descriptor;
    }
    const oci::Index index = oci::parse_index(text, name);
    const oci::Descriptor* best = choose(index, wanted);
    if (best == nullptr) {
      throw Error("there is no image for " + to_text(wanted) +
                  "; there is one for: " + platforms_of(index));
    }
    descriptor = *best;
  }
  throw Error("its indexes are nested too deeply");
}

Found take_oci_image(ArchiveFiles& files, const oci::Descriptor& descriptor) {
  const std::string name = blob_name(descriptor.digest);
  oci::Manifest manifest = oci::parse_manifest(files.document(name), "manifest");
  if (manifest.media_type.empty()) manifest.media_type = descriptor.media_type;
  checked_blob(files, manifest.config);
  const std::string config = files.document(blob_name(manifest.config.digest));
  Found found;
  found.image = make_image({}, descriptor.digest, std::move(manifest),
                           oci::parse_image_config(config, "config"));
  found.media_type = found.image.manifest.media_type;
  found.size = descriptor.size;
  for (const ImageLayer& layer : found.image.layers) {
    checked_blob(files, layer.blob);
    files.add_blob(blob_name(layer.blob.digest));
  }
  files.add_blob(blob_name(found.image.manifest.config.digest));
  files.add_blob(name);
  return found;
}

// The name in full, or nothing: some tools write a tag alone.
std::string name_in(const oci::Descriptor& descriptor) {
  for (const char* annotation : {kContainerdName, kNameAnnotation}) {
    const auto found = descriptor.annotations.find(annotation);
    if (found == descriptor.annotations.end()) continue;
    if (found->second.find_first_of("/:") == std::string::npos) continue;
    return parse_reference(found->second).name();
  }
  return {};
}

// --- docker-archive ------------------------------------------------------------------------------

std::string_view media_type_of(Compression compression) {
  if (compression == Compression::zstd) return media::kLayerZstd;
  return compression == Compression::gzip ? media::kLayerGzip : media::kLayer;
}

// A plain layer is packed: images of registries are, and the store is the smaller for it.
oci::Descriptor pack_layer(const ArchiveFiles& files, const std::string& name,
                           Transaction& transaction) {
  const BlobFile source(files.open(name));
  const BlobDraft draft = transaction.draft_blob();
  const std::unique_ptr<PackWriter> writer = make_pack_writer(draft.file());
  std::vector<char> buffer(256 << 10);
  uint64_t position = 0;
  while (const size_t got = source.read_at(buffer.data(), buffer.size(), position)) {
    check_interrupt();
    writer->write({buffer.data(), got});
    position += got;
  }
  const PackedBytes packed = writer->finish();
  if (!transaction.has_blob(packed.digest)) transaction.add_blob(draft, packed.digest);
  oci::Descriptor layer;
  layer.media_type = media::kLayerGzip;
  layer.digest = packed.digest;
  layer.size = packed.size;
  return layer;
}

oci::Descriptor take_layer(ArchiveFiles& files, const std::string& name, const std::string& diff_id,
                           Transaction& transaction) {
  const Doing doing("take", name);
  const Compression compression = compression_of(BlobFile(files.open(name)));
  const ArchivedFile& file = files.file(name);
  if (compression == Compression::none) {
    if (file.digest == diff_id) return pack_layer(files, name, transaction);
    throw Error("its content has the digest " + file.digest + ", not " + diff_id);
  }
  oci::Descriptor layer;
  layer.media_type = media_type_of(compression);
  layer.digest = files.add_blob(name);
  layer.size = file.size;
  return layer;
}

Found take_docker_image(ArchiveFiles& files, const DockerManifestEntry& entry,
                        Transaction& transaction) {
  oci::ImageConfig config = oci::parse_image_config(files.document(entry.config), entry.config);
  if (config.diff_ids.size() != entry.layers.size()) {
    throw Error("manifest.json names " + std::to_string(entry.layers.size()) + " layers and " +
                entry.config + " " + std::to_string(config.diff_ids.size()) + " diff_ids");
  }
  oci::Manifest manifest;
  manifest.media_type = media::kManifest;
  manifest.config.media_type = media::kConfig;
  manifest.config.digest = files.add_blob(entry.config);
  manifest.config.size = files.file(entry.config).size;
  for (size_t i = 0; i < entry.layers.size(); ++i) {
    manifest.layers.push_back(take_layer(files, entry.layers[i], config.diff_ids[i], transaction));
  }
  const std::string text = oci::to_json(manifest);
  Found found;
  found.media_type = manifest.media_type;
  found.size = text.size();
  found.image = make_image({}, transaction.put_blob(text), std::move(manifest), std::move(config));
  return found;
}

// -------------------------------------------------------------------------------------------------

class Loading {
 public:
  Loading(const Store& store, const BlobSource& archive, const LoadOptions& options)
      : options_(options), transaction_(store), files_(archive, transaction_, options.limits) {}

  LoadedImages run() {
    const bool is_oci = files_.has("oci-layout") && files_.has("index.json");
    if (is_oci) {
      take_oci_images();
    } else if (files_.has("manifest.json")) {
      take_docker_images();
    } else {
      throw Error("neither index.json nor manifest.json is in it: no archive of images");
    }
    if (names_.empty()) throw Error("there are no images in it");
    transaction_.commit(names_);
    for (const ImageName& name : names_) result_.names.push_back(name.reference);
    return std::move(result_);
  }

 private:
  void take_oci_images() {
    const oci::Index index = oci::parse_index(files_.document("index.json"), "index.json");
    for (const oci::Descriptor& descriptor : index.manifests) {
      const oci::Platform wanted = options_.platform.value_or(host_platform());
      const Found found = take_oci_image(files_, find_manifest(files_, descriptor, wanted));
      const std::string name = name_in(descriptor);
      add(found, name.empty() ? std::vector<std::string>{} : std::vector{name});
    }
  }

  void take_docker_images() {
    for (const auto& entry : parse_docker_manifest(files_.document("manifest.json"))) {
      std::vector<std::string> names;
      for (const std::string& name : entry.names) names.push_back(parse_reference(name).name());
      add(take_docker_image(files_, entry, transaction_), names);
    }
  }

  void add(const Found& found, std::vector<std::string> names) {
    if (names.empty()) {
      names = {"localhost/loaded:" + digest_hex(found.image.digest).substr(0, kDigits)};
    }
    if (options_.unpack == LoadOptions::Unpack::yes) {
      for (std::string& note : unpack_layers(transaction_, found.image, options_.limits)) {
        result_.notes.push_back(std::move(note));
      }
    }
    for (const std::string& name : names) {
      names_.push_back({name, found.image.digest, found.media_type, found.size});
    }
  }

  const LoadOptions& options_;
  Transaction transaction_;
  ArchiveFiles files_;
  std::vector<ImageName> names_;
  LoadedImages result_;
};

}  // namespace

LoadedImages load(const Store& store, Fd archive, const LoadOptions& options) {
  const Doing doing("load the archive");
  const std::unique_ptr<BlobSource> source = open_archive(std::move(archive));
  try {
    return Loading(store, *source, options).run();
  } catch (const oci::SpecError& error) {
    throw Error(error.what());
  } catch (const Error&) {
    check_interrupt();  // another thread's error may come of one
    throw;
  }
}

}  // namespace gocker
