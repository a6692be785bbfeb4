#include "imagetool/push/source.h"

#include <utility>

#include "imagetool/interrupt.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"

namespace gocker {

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

}  // namespace gocker
