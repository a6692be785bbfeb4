// Images of the store as one archive. docker-archive is an OCI layout as well (so podman, skopeo
// and docker take it in either way); oci-archive is the layout alone. Layers stay packed as they
// are.
#pragma once

#include <string_view>
#include <vector>

#include "imagetool/store/image.h"
#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

enum class ArchiveFormat { docker, oci };

// "docker-archive" or "oci-archive"; throws for another word.
ArchiveFormat parse_archive_format(std::string_view text);

// Writes to `out`, from where it stands. The same images give the same bytes. Each blob is checked
// against its digest on the way: where it throws, what was written is worthless.
void save(const Store& store, const std::vector<Image>& images, ArchiveFormat format,
          const Fd& out);

}  // namespace gocker
