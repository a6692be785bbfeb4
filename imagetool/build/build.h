// From a Dockerfile and its context to an image in the store.
#pragma once

#include <string>

#include "imagetool/build/build_options.h"
#include "imagetool/store/store.h"

namespace gocker {

// Gives this process a mount namespace of its own: mounts of the build are nobody else's, and go
// with the last process that sees them. Comes before the store is opened, as overlay takes no
// directory that was opened in another namespace.
void enter_private_mounts();

// Builds, tells of it on stderr, and returns the digest of the image's manifest. Only the stages
// that the target needs are built. Throws with the place in the Dockerfile; layers of steps that
// succeeded stay as the cache of the next build.
std::string build_image(const Store& store, const BuildOptions& options);

}  // namespace gocker
