// Where images are sent to: what pushes and copies have in common.
#pragma once

#include <string>

#include "imagetool/reference.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/repository.h"
#include "imagetool/registry/upload.h"

namespace gocker {

struct RegistryAccess {
  Transport transport = Transport::usual;
  CredentialSource credentials;
};

// The registry itself, as registries.conf moves it: mirrors are for reading.
Repository open_target(HttpClient& client, const Reference& target, const RegistryAccess& access);

// "layer 2 of 3 (12.3 MB): already there", for people.
std::string outcome_of(const BlobUpload& blob);

}  // namespace gocker
