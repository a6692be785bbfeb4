// Pulling: from a reference to an image in the store, all of it or nothing.
#pragma once

#include <string>

#include "imagetool/layer/limits.h"
#include "imagetool/pull/locate.h"
#include "imagetool/pull/progress.h"
#include "imagetool/reference.h"
#include "imagetool/store/store.h"

namespace gocker {

struct PullOptions : LocateOptions {
  enum class Unpack { no, yes } unpack = Unpack::yes;
  LayerLimits limits;
};

// Returns the digest of the platform's manifest. Throws with the store unchanged.
std::string pull(const Store& store, const Reference& reference, const PullOptions& options,
                 Progress& progress);

}  // namespace gocker
