#include "imagetool/pull/resolve.h"

#include <optional>
#include <set>
#include <utility>

#include "imagetool/platform.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr int kMaxIndexes = 3;
constexpr size_t kMostDocuments = 1000;

bool names_index(const oci::Descriptor& descriptor) {
  return descriptor.media_type == oci::media_type::kIndex ||
         descriptor.media_type == oci::media_type::kDockerList;
}

// The entries to try: the one that fits best, or else indexes that do not say what they are for.
std::vector<const oci::Descriptor*> candidates(const oci::Index& index,
                                               const oci::Platform& wanted) {
  if (const oci::Descriptor* best = choose(index, wanted)) return {best};
  std::vector<const oci::Descriptor*> nested;
  for (const oci::Descriptor& descriptor : index.manifests) {
    if (names_index(descriptor) && !descriptor.platform) nested.push_back(&descriptor);
  }
  return nested;
}

// The manifest for the platform, nothing where `document` is an index that has none.
std::optional<Document> search(const DocumentSource& source, Document document,
                               const oci::Platform& wanted, int depth, std::string& offered) {
  if (!is_index(document)) return document;
  if (depth == kMaxIndexes) throw Error("its indexes are nested too deeply");
  const oci::Index index = oci::parse_index(document.bytes, "manifest " + document.digest);
  for (const oci::Descriptor* candidate : candidates(index, wanted)) {
    auto found = search(source, source(*candidate), wanted, depth + 1, offered);
    if (found) return found;
  }
  const std::string more = platforms_of(index);
  if (more != "none") offered += (offered.empty() ? "" : ", ") + more;
  return std::nullopt;
}

class Collection {
 public:
  explicit Collection(const DocumentSource& source) : source_(source) {}

  void add(const Document& document, int depth) {
    if (!seen_.insert(document.digest).second) return;
    if (seen_.size() > kMostDocuments) throw Error("it is an index of too many images");
    if (is_index(document)) add_children(document, depth);
    documents_.push_back(document);
  }

  std::vector<Document> take() { return std::move(documents_); }

 private:
  void add_children(const Document& document, int depth) {
    if (depth == kMaxIndexes) throw Error("its indexes are nested too deeply");
    const std::string name = "index " + document.digest;
    for (const oci::Descriptor& child : oci::parse_index(document.bytes, name).manifests) {
      add(source_(child), depth + 1);
    }
  }

  const DocumentSource& source_;
  std::set<std::string> seen_;
  std::vector<Document> documents_;
};

}  // namespace

DocumentSource documents_of(Repository& repository) {
  return [&repository](const oci::Descriptor& descriptor) {
    Document document = repository.manifest(descriptor.digest, kMaxDocumentSize);
    if (document.bytes.size() == descriptor.size) return document;
    throw Error("manifest " + descriptor.digest + ": it has " +
                std::to_string(document.bytes.size()) + " bytes, not the " +
                std::to_string(descriptor.size) + " that the index says");
  };
}

bool is_index(const Document& document) {
  return oci::kind_of(document.bytes, document.media_type, "manifest " + document.digest) ==
         oci::DocumentKind::index;
}

Document find_manifest(const DocumentSource& source, Document top, const oci::Platform& wanted) {
  std::string offered;
  auto manifest = search(source, std::move(top), wanted, 0, offered);
  if (manifest) return std::move(*manifest);
  throw Error("there is no image for " + to_text(wanted) +
              "; there is one for: " + (offered.empty() ? "no platform" : offered));
}

std::vector<Document> all_documents(const DocumentSource& source, const Document& top) {
  Collection collection(source);
  collection.add(top, 0);
  return collection.take();
}

ResolvedImage resolve(Repository& repository, const std::string& version,
                      const oci::Platform& wanted) {
  Document manifest = find_manifest(documents_of(repository),
                                    repository.manifest(version, kMaxDocumentSize), wanted);
  const oci::Manifest parsed = oci::parse_manifest(manifest.bytes, "manifest " + manifest.digest);
  return {std::move(manifest), repository.blob(parsed.config, kMaxDocumentSize)};
}

}  // namespace gocker
