// Images from an archive into the store, all of them or nothing: docker-archive and oci-archive,
// plain or packed with gzip or zstd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imagetool/layer/limits.h"
#include "imagetool/store/store.h"
#include "oci-spec/image_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

struct LoadOptions {
  std::optional<oci::Platform> platform;  // of an image for several; else this machine's
  enum class Unpack { no, yes } unpack = Unpack::yes;
  LayerLimits limits;
};

struct LoadedImages {
  std::vector<std::string> names;  // "docker.io/library/alpine:latest"
  std::vector<std::string> notes;  // what was left out of layers
};

// An image without a name in the archive is called localhost/loaded, its tag the first digits of
// its digest. Throws with the store unchanged.
LoadedImages load(const Store& store, Fd archive, const LoadOptions& options);

}  // namespace gocker
