// The layers of an image as directories of the store, each chain of layers once.
#pragma once

#include "imagetool/layer/apply.h"
#include "imagetool/layer/limits.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"

namespace gocker {

// Unpacks the layers of `image` that neither the store nor `transaction` has yet, the base first,
// from their blobs, which must be there. The transaction's commit puts them into the store. Throws
// where a blob is damaged, hostile, or not what its diff id says: "unpack layer sha256:...: ...".
Notes unpack_layers(Transaction& transaction, const Image& image, const LayerLimits& limits = {});

}  // namespace gocker
