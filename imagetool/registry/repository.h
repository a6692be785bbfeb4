// One repository at one registry: its manifests and blobs (distribution-spec, "Pull" and "Push").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/registry/connection.h"
#include "oci-spec/image_spec.h"

namespace gocker {

// A refusal of the registry throws Refusal.

// A manifest or an index as the registry sent it; the digest is that of the bytes.
struct Document {
  std::string bytes;
  std::string media_type;  // the header Content-Type, without parameters
  std::string digest;
};

class Repository {
 public:
  // `client` must outlive it. Nothing is sent yet.
  Repository(HttpClient& client, Endpoint endpoint, std::optional<Credentials> credentials,
             Access access = Access::read);

  const Endpoint& endpoint() const { return connection_.endpoint(); }

  // `version` is a tag or a digest. At most `limit` bytes. Throws where the bytes have another
  // digest than was asked for or than the registry's header Docker-Content-Digest says.
  Document manifest(const std::string& version, size_t limit);

  // The digest of what the registry has under this tag or digest, by its header
  // Docker-Content-Digest; nothing where it has none or does not tell.
  std::optional<std::string> digest_of_manifest(const std::string& version);

  // Puts a manifest under a tag or its digest; its blobs must be there. Throws where the registry
  // says that it has got something else.
  void put_manifest(const std::string& version, const Document& document);

  // All tags, in the registry's order (distribution-spec, "Listing Tags"); at most a million.
  std::vector<std::string> tags();

  // A small blob such as a config: size and digest are checked.
  std::string blob(const oci::Descriptor& descriptor, size_t limit);

  RegistryConnection& connection() { return connection_; }

 private:
  HttpResponse get(const std::string& path, const std::vector<std::string>& headers, size_t limit);

  RegistryConnection connection_;
};

}  // namespace gocker
