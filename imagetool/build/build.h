// From a Dockerfile and its context to an image in the store.
#pragma once

#include <string>

#include "imagetool/build/build_options.h"
#include "imagetool/store/store.h"

namespace gocker {

// Builds, tells of it on stderr, and returns the digest of the image's manifest. Only the stages
// that the target needs are built. Makes a mount namespace of its own for this process. Throws with
// the place in the Dockerfile; layers of steps that succeeded stay as the cache of the next build.
std::string build_image(const Store& store, const BuildOptions& options);

}  // namespace gocker
