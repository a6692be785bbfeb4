// Pushing: an image of the store to a registry.
#pragma once

#include <optional>
#include <string>

#include "imagetool/layer/packing.h"
#include "imagetool/pull/progress.h"
#include "imagetool/reference.h"
#include "imagetool/registry/certificates.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/registries_conf.h"
#include "imagetool/store/image.h"
#include "imagetool/store/store.h"

namespace gocker {

struct PushOptions {
  Transport transport = Transport::usual;
  CertificateDirectories certificates;
  CredentialSource credentials;
  std::optional<Packing> packing;  // layers that are packed otherwise are packed anew
};

// Returns the digest of the manifest at the registry: the image's own, unless layers were packed
// anew. The manifest goes last: the name never leads to an image that is not whole. Nothing in the
// store changes.
std::string push(const Store& store, const Image& image, const Reference& target,
                 const PushOptions& options, Progress& progress);

}  // namespace gocker
