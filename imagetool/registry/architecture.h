// Docker's organisations for one architecture each: arm64v8/alpine is what alpine has for
// linux/arm64/v8.
#pragma once

#include <optional>

#include "imagetool/reference.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct ArchitectureImage {
  oci::Platform platform;  // that the organisation is for
  Reference general;       // the same image's repository for all platforms
};

// Nothing where the path does not begin with one of these organisations. At Docker Hub
// amd64/alpine leads to library/alpine, at any other registry to alpine.
std::optional<ArchitectureImage> architecture_image(const Reference& reference);

}  // namespace gocker
