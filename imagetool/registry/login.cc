#include "imagetool/registry/login.h"

#include "imagetool/reference.h"
#include "imagetool/registry/connection.h"
#include "imagetool/registry/refusal.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kMaxAnswer = 1 << 20;

}  // namespace

std::string parse_registry(std::string_view text) {
  if (text.empty()) return "docker.io";
  std::string name(text);
  const bool is_host = text.find_first_of("/@") == std::string_view::npos;
  const Reference reference = is_host ? parse_reference(name + "/x") : Reference();
  // Without a dot or a port it would be the first part of a path at Docker Hub.
  if (reference.path == "x" || reference.path == "library/x") return reference.host;
  throw Error("'" + name +
              "' is no registry: HOST.DOMAIN, HOST:PORT or localhost, without https:// and path");
}

void try_login(HttpClient& client, const std::string& registry, Transport transport,
               const Credentials& credentials) {
  // Rules of registries.conf may be for parts of a registry: what holds for all of it counts.
  const Reference any = parse_reference(registry + "/x");
  Endpoint endpoint = endpoints_of(any, load_registries_conf()).back();
  if (transport != Transport::usual) endpoint.transport = transport;
  RegistryConnection connection(client, std::move(endpoint), credentials, Access::none);
  const auto make = [&] { return connection.request(""); };
  const HttpResponse response = connection.call(make, kMaxAnswer);
  if (!response.success()) throw Refusal(connection.explain(response), response.status);
}

}  // namespace gocker
