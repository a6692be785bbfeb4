// Pulling: from a reference to an image in the store, all of it or nothing.
#pragma once

#include <optional>
#include <string>

#include "imagetool/pull/progress.h"
#include "imagetool/reference.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/store/store.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct PullOptions {
  std::optional<oci::Platform> platform;  // else this machine's
  enum class Unpack { no, yes } unpack = Unpack::yes;
  enum class Transport { strict, insecure } transport = Transport::strict;
  CredentialSource credentials;
};

// Asks the mirrors that registries.conf names, then the registry. Returns the digest of the
// platform's manifest. Throws with the store unchanged.
std::string pull(const Store& store, const Reference& reference, const PullOptions& options,
                 Progress& progress);

}  // namespace gocker
