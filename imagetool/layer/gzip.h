// The two readers of gzip: igzip of libisal, which is several times faster, and zlib for the
// machines that have no libisal.
#pragma once

#include <memory>

#include "imagetool/layer/decompress.h"
#include "runtime/base/fd.h"

namespace gocker {

std::unique_ptr<Decompressor> make_isal_decompressor(const Fd& blob);
std::unique_ptr<Decompressor> make_zlib_decompressor(const Fd& blob);

}  // namespace gocker
