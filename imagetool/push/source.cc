#include "imagetool/push/source.h"

#include <set>
#include <utility>

#include "imagetool/interrupt.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr int kMaxIndexes = 3;
constexpr size_t kMostDocuments = 1000;

class Collection {
 public:
  explicit Collection(Repository& repository) : repository_(repository) {}

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
      add(repository_.manifest(child.digest, kMaxDocumentSize), depth + 1);
    }
  }

  Repository& repository_;
  std::set<std::string> seen_;
  std::vector<Document> documents_;
};

}  // namespace

SourceImage open_source(HttpClient& client, const Reference& reference,
                        const RegistryAccess& access) {
  std::vector<Endpoint> endpoints = endpoints_of(reference, load_registries_conf());
  for (size_t i = 0; i < endpoints.size(); ++i) {
    Endpoint& endpoint = endpoints[i];
    if (access.transport != Transport::usual) endpoint.transport = access.transport;
    const bool is_mirror = i + 1 < endpoints.size();
    CredentialSource credentials = access.credentials;
    if (is_mirror) credentials.user_and_password.clear();  // meant for the registry alone
    Repository repository(client, endpoint,
                          load_credentials(credentials, endpoint.host, endpoint.path));
    try {
      Document top = repository.manifest(reference.version(), kMaxDocumentSize);
      return {std::move(repository), std::move(top)};
    } catch (const Interrupted&) {
      throw;
    } catch (const Error&) {
      if (!is_mirror) throw;
    }
  }
  throw Error("there is no place to ask for it");
}

std::vector<Document> all_documents(Repository& repository, const Document& top) {
  Collection collection(repository);
  collection.add(top, 0);
  return collection.take();
}

bool is_index(const Document& document) {
  return oci::kind_of(document.bytes, document.media_type, "manifest " + document.digest) ==
         oci::DocumentKind::index;
}

}  // namespace gocker
