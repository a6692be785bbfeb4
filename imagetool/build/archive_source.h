// Local archives that ADD unpacks.
#pragma once

#include "imagetool/build/copy_files.h"
#include "imagetool/layer/apply.h"
#include "imagetool/layer/lower_view.h"
#include "runtime/base/fd.h"

namespace gocker {

// Whether the file is a tar archive, plain or packed by gzip or zstd, by its content. Throws for
// one that is packed by xz or bzip2.
bool is_archive(const Fd& file);

// Unpacks it into the layer `changes` on `below`.
void unpack(const Fd& file, const Fd& changes, LowerView& below,
            OverlayAttributes overlay_attributes, const ArchiveTarget& target, Notes& notes);

}  // namespace gocker
