// From a reference to the one manifest that is meant for a platform, at a registry.
#pragma once

#include <optional>
#include <string>

#include "imagetool/registry/repository.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct ResolvedImage {
  Document manifest;
  std::string config;  // its bytes
};

// Walks through indexes (at most three, one in the other) to the manifest for `wanted`, and gets
// the config. Throws where there is none for the platform, naming those that there are.
ResolvedImage resolve(Repository& repository, const std::string& version,
                      const oci::Platform& wanted);

}  // namespace gocker
