// Where images are copied from: a registry, and the documents of an image there.
#pragma once

#include <string>
#include <vector>

#include "imagetool/push/target.h"
#include "imagetool/reference.h"
#include "imagetool/registry/repository.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct SourceImage {
  Repository repository;  // at the mirror or registry that has it
  Document top;           // what the reference names there: a manifest or an index
};

// Asks the mirrors that registries.conf names, then the registry. Throws what the last one says.
SourceImage open_source(HttpClient& client, const Reference& reference,
                        const RegistryAccess& access);

// The documents below an index and the index itself, children first; a manifest alone.
std::vector<Document> all_documents(Repository& repository, const Document& top);

bool is_index(const Document& document);

}  // namespace gocker
