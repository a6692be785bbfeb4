// From what a name leads to to the manifest that is meant for a platform, or to all manifests.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "imagetool/registry/repository.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct ResolvedImage {
  Document manifest;
  std::string config;  // its bytes
};

// Gives the documents that an index names; throws where it has not got one.
using DocumentSource = std::function<Document(const oci::Descriptor&)>;
DocumentSource documents_of(Repository& repository);  // which must outlive it

bool is_index(const Document& document);

// The manifest for `wanted`: `top` itself, or one below it (at most three indexes, one in the
// other). Throws where there is none for the platform, naming those that there are.
Document find_manifest(const DocumentSource& source, Document top, const oci::Platform& wanted);

// The documents below `top` and itself, children first.
std::vector<Document> all_documents(const DocumentSource& source, const Document& top);

// The manifest, as find_manifest() has it, and its config.
ResolvedImage resolve(Repository& repository, const std::string& version,
                      const oci::Platform& wanted);

}  // namespace gocker
