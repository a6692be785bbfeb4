// The two readers of gzip: igzip of libisal, which is several times faster, and zlib for the
// machines that have no libisal.
#pragma once

#include <memory>

#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/decompress.h"

namespace gocker {

std::unique_ptr<Decompressor> make_isal_decompressor(const BlobSource& blob);
std::unique_ptr<Decompressor> make_zlib_decompressor(const BlobSource& blob);

}  // namespace gocker
