// How one registry is spoken to on behalf of one repository: by TLS or not, who we are there, and
// what is tried again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/registry/authorization.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/registries_conf.h"
#include "imagetool/registry/retries.h"

namespace gocker {

class RegistryConnection {
 public:
  // `client` must outlive it. Nothing is sent yet.
  RegistryConnection(HttpClient& client, Endpoint endpoint, std::optional<Credentials> credentials,
                     Access access);

  HttpClient& client() const { return client_; }
  const Endpoint& endpoint() const { return endpoint_; }

  // For `path` below the registry's /v2/, as the one that we are there.
  HttpRequest request(const std::string& path) const;
  // For a path below the repository: "/manifests/latest".
  HttpRequest repository_request(const std::string& path) const;
  // For an address that an answer of `from` gives, absolute or not. Another server than the
  // registry gets no credentials. Throws where it is no web address, and for plain http after
  // https.
  HttpRequest request_to(std::string_view address, const std::string& from) const;

  // Carries out a request: the way to the host is found on the first one, a 401 is answered, what
  // fails in passing is tried again. `make` is asked for it anew each time.
  HttpResponse call(const std::function<HttpRequest()>& make, size_t limit);

  // For requests that run beside others: the answer to a 401 that met a request with the
  // authorization `used`; false where there is none to give.
  bool answer_challenge(const HttpResponse& refusal, std::string_view used);
  // Any other answer.
  void let_through() { authorization_.let_through(); }
  // Leave to read another repository of this registry, too, from the next token on.
  void also_read(const std::string& path) { authorization_.also_read(path); }
  // The text for a final refusal.
  std::string explain(const HttpResponse& refusal) const;

 private:
  struct Way {
    std::string base;  // "https://HOST/v2/"
    Trust trust;
  };

  std::optional<HttpResponse> try_once(HttpRequest request, size_t limit, Retries& retries);

  HttpClient& client_;
  Endpoint endpoint_;
  Authorization authorization_;
  std::vector<Way> ways_;  // the first is in use
};

}  // namespace gocker
