// An image's layers in another packing.
#pragma once

#include <map>
#include <string>

#include "imagetool/layer/packing.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/fd.h"

namespace gocker {

struct RepackedImage {
  std::string manifest;             // its bytes; OCI's media types throughout
  std::string digest;               // of the manifest
  Image image;                      // with the descriptors of the new blobs
  std::map<std::string, Fd> files;  // the blobs that are not in the store, by digest
};

// Unpacks each layer that is packed otherwise, checks it against its diff id, and packs it. The
// files go with `transaction`, which nothing is added to.
RepackedImage repack(Transaction& transaction, const Image& image, const Packing& packing);

}  // namespace gocker
