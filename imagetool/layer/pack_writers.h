// The writers behind packing.h, a file each.
#pragma once

#include <memory>

#include "imagetool/layer/packing.h"

namespace gocker {

std::unique_ptr<PackWriter> make_zlib_writer(const Fd& file, int level);  // 1 to 9
std::unique_ptr<PackWriter> make_zstd_writer(const Fd& file, int level);  // 1 to 22
#ifdef GOCKER_HAVE_ISAL
// Several times faster than zlib; packs as its level 1 does.
std::unique_ptr<PackWriter> make_isal_writer(const Fd& file);
#endif

}  // namespace gocker
