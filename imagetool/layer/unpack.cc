#include "imagetool/layer/unpack.h"

#include <string>
#include <utility>
#include <vector>

#include "imagetool/layer/decompress.h"
#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/lower_view.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

std::vector<Fd> open_chain(const Transaction& transaction, const std::vector<ImageLayer>& layers,
                           size_t count) {
  std::vector<Fd> trees;
  for (size_t i = 0; i < count; ++i) trees.push_back(transaction.open_layer(layers[i].chain_id));
  return trees;
}

void unpack_layer(Transaction& transaction, const ImageLayer& layer, std::vector<Fd> below,
                  const LayerLimits& limits, Notes& notes) {
  const Doing doing("unpack layer", layer.blob.digest);
  const Fd blob = transaction.open_blob(layer.blob.digest);
  const OverlayAttributes overlay_attributes = transaction.store().overlay_attributes();
  LowerView lower(std::move(below), overlay_attributes);
  LayerDraft draft = transaction.draft_layer();
  LayerStream stream(blob, compression_of(layer.blob.media_type), limits);
  const std::string diff_id =
      apply_layer(stream, draft.tree(), lower, overlay_attributes, limits, notes);
  if (diff_id != layer.diff_id) {
    throw Error("the unpacked content is " + diff_id + ", but the image says " + layer.diff_id);
  }
  transaction.add_layer(std::move(draft), layer.chain_id);
}

}  // namespace

Notes unpack_layers(Transaction& transaction, const Image& image, const LayerLimits& limits) {
  Notes notes;
  for (size_t i = 0; i < image.layers.size(); ++i) {
    const ImageLayer& layer = image.layers[i];
    if (transaction.has_layer(layer.chain_id)) continue;
    unpack_layer(transaction, layer, open_chain(transaction, image.layers, i), limits, notes);
  }
  return notes;
}

}  // namespace gocker
