#include "imagetool/pull/resolve.h"

#include <vector>

#include "imagetool/platform.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr int kMaxIndexes = 3;

bool is_index(const oci::Descriptor& descriptor) {
  return descriptor.media_type == oci::media_type::kIndex ||
         descriptor.media_type == oci::media_type::kDockerList;
}

// The entries to try: the one that fits best, or else indexes that do not say what they are for.
std::vector<const oci::Descriptor*> candidates(const oci::Index& index,
                                               const oci::Platform& wanted) {
  if (const oci::Descriptor* best = choose(index, wanted)) return {best};
  std::vector<const oci::Descriptor*> nested;
  for (const oci::Descriptor& descriptor : index.manifests) {
    if (is_index(descriptor) && !descriptor.platform) nested.push_back(&descriptor);
  }
  return nested;
}

Document get(Repository& repository, const oci::Descriptor& descriptor) {
  Document document = repository.manifest(descriptor.digest, kMaxDocumentSize);
  if (document.bytes.size() == descriptor.size) return document;
  throw Error("manifest " + descriptor.digest + ": it has " +
              std::to_string(document.bytes.size()) + " bytes, not the " +
              std::to_string(descriptor.size) + " that the index says");
}

// The manifest for the platform, nothing where `document` is an index that has none.
std::optional<Document> find_manifest(Repository& repository, Document document,
                                      const oci::Platform& wanted, int depth,
                                      std::string& offered) {
  const std::string name = "manifest " + document.digest;
  const auto kind = oci::kind_of(document.bytes, document.media_type, name);
  if (kind == oci::DocumentKind::manifest) return document;
  if (depth == kMaxIndexes) throw Error("its indexes are nested too deeply");
  const oci::Index index = oci::parse_index(document.bytes, name);
  for (const oci::Descriptor* candidate : candidates(index, wanted)) {
    auto found = find_manifest(repository, get(repository, *candidate), wanted, depth + 1, offered);
    if (found) return found;
  }
  const std::string more = platforms_of(index);
  if (more != "none") offered += (offered.empty() ? "" : ", ") + more;
  return std::nullopt;
}

}  // namespace

ResolvedImage resolve(Repository& repository, const std::string& version,
                      const oci::Platform& wanted) {
  std::string offered;
  auto manifest =
      find_manifest(repository, repository.manifest(version, kMaxDocumentSize), wanted, 0, offered);
  if (!manifest) {
    throw Error("there is no image for " + to_text(wanted) +
                "; there is one for: " + (offered.empty() ? "no platform" : offered));
  }
  const oci::Manifest parsed = oci::parse_manifest(manifest->bytes, "manifest " + manifest->digest);
  return {std::move(*manifest), repository.blob(parsed.config, kMaxDocumentSize)};
}

}  // namespace gocker
