// One repository at one registry: its manifests and blobs (distribution-spec, "Pull").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/registry/authorization.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/registries_conf.h"
#include "imagetool/registry/retries.h"
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
  Repository(HttpClient& client, Endpoint endpoint, std::optional<Credentials> credentials);

  const Endpoint& endpoint() const { return endpoint_; }

  // `version` is a tag or a digest. At most `limit` bytes. Throws where the bytes have another
  // digest than was asked for or than the registry's header Docker-Content-Digest says.
  Document manifest(const std::string& version, size_t limit);

  // All tags, in the registry's order (distribution-spec, "Listing Tags"); at most a million.
  std::vector<std::string> tags();

  // A small blob such as a config: size and digest are checked.
  std::string blob(const oci::Descriptor& descriptor, size_t limit);

  // For downloads: a blob's request from `offset` on, not yet started, and the answer to a 401
  // that it met (`used` is the request's authorization).
  HttpRequest blob_request(std::string_view digest, uint64_t offset) const;
  bool answer_challenge(const HttpResponse& refusal, std::string_view used);
  void succeeded() { authorization_.succeeded(); }
  // The text for a final refusal.
  std::string explain(const HttpResponse& refusal) const;

  HttpClient& client() { return client_; }

 private:
  struct Way {  // how the registry's host is spoken to
    std::string base;
    Trust trust;
  };

  HttpRequest request(const std::string& path) const;
  HttpResponse get(const std::string& path, const std::vector<std::string>& headers, size_t limit);
  std::optional<HttpResponse> try_get(HttpRequest request, size_t limit, Retries& retries);

  HttpClient& client_;
  Endpoint endpoint_;
  Authorization authorization_;
  std::vector<Way> ways_;  // the first is in use
};

}  // namespace gocker
