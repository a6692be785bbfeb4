#include "imagetool/push/repack.h"

#include <utility>

#include "imagetool/digest.h"
#include "imagetool/interrupt.h"
#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/layer_stream.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

namespace media = oci::media_type;

std::string_view media_type_of(Compression compression) {
  return compression == Compression::zstd ? media::kLayerZstd : media::kLayerGzip;
}

// OCI's name for a layer that stays as it is.
std::string_view oci_type(const std::string& type) {
  const Compression compression = compression_of(type);
  return compression == Compression::none ? media::kLayer : media_type_of(compression);
}

PackedBytes pack(const BlobSource& blob, const ImageLayer& layer, const Packing& packing,
                 const Fd& file) {
  LayerStream stream(blob, compression_of(layer.blob.media_type), LayerLimits());
  const std::unique_ptr<PackWriter> writer = make_pack_writer(file, packing);
  while (std::unique_ptr<StreamBlock> block = stream.next()) {
    check_interrupt();
    writer->write(block->bytes());
    stream.recycle(std::move(block));
  }
  if (stream.finish() != layer.diff_id) throw Error("it unpacks to something else than it should");
  return writer->finish();
}

}  // namespace

RepackedImage repack(Transaction& transaction, const Image& image, const Packing& packing) {
  RepackedImage result;
  oci::Manifest manifest = image.manifest;
  manifest.media_type = media::kManifest;
  manifest.config.media_type = media::kConfig;
  for (size_t i = 0; i < image.layers.size(); ++i) {
    const ImageLayer& layer = image.layers[i];
    const std::string name = "layer " + std::to_string(i + 1);
    const Doing doing("pack anew", name);
    oci::Descriptor& blob = manifest.layers[i];
    blob.media_type = oci_type(layer.blob.media_type);
    if (compression_of(layer.blob.media_type) == packing.compression) continue;
    const BlobFile source(transaction.open_blob(layer.blob.digest));
    const BlobDraft draft = transaction.draft_blob();
    const PackedBytes packed = pack(source, layer, packing, draft.file());
    blob.media_type = media_type_of(packing.compression);
    blob.digest = packed.digest;
    blob.size = packed.size;
    result.files.insert_or_assign(packed.digest, draft.file().duplicate());
  }
  result.manifest = oci::to_json(manifest);
  result.digest = digest_of(result.manifest);
  result.image = make_image(image.reference, result.digest, std::move(manifest), image.config);
  return result;
}

}  // namespace gocker
