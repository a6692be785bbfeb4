// Where images are copied from: a registry.
#pragma once

#include "imagetool/push/target.h"
#include "imagetool/reference.h"
#include "imagetool/registry/repository.h"

namespace gocker {

struct SourceImage {
  Repository repository;  // at the mirror or registry that has it
  Document top;           // what the reference names there: a manifest or an index
};

// Asks the mirrors that registries.conf names, then the registry. Throws what the last one says.
SourceImage open_source(HttpClient& client, const Reference& reference,
                        const RegistryAccess& access);

}  // namespace gocker
