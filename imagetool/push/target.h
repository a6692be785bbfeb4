// Where images are sent to: what pushes and copies have in common.
#pragma once

#include <string>
#include <vector>

#include "imagetool/pull/progress.h"
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

// Sends what is not there; tells of each blob how it came there.
void push_blobs(RegistryConnection& connection, std::vector<BlobUpload>& blobs, Progress& progress);

// "layer 2 of 3 (12.3 MB): already there", for people.
std::string outcome_of(const BlobUpload& blob);

}  // namespace gocker
