#include "imagetool/push/target.h"

#include <utility>

#include "imagetool/pull/progress.h"

namespace gocker {

Repository open_target(HttpClient& client, const Reference& target, const RegistryAccess& access) {
  Endpoint endpoint = endpoints_of(target, load_registries_conf()).back();
  if (access.transport != Transport::usual) endpoint.transport = access.transport;
  auto credentials = load_credentials(access.credentials, endpoint.host, endpoint.path);
  return {client, std::move(endpoint), std::move(credentials), Access::write};
}

std::string outcome_of(const BlobUpload& blob) {
  const std::string what = blob.name + " (" + human_size(blob.descriptor.size) + "): ";
  if (blob.way == BlobUpload::Way::found) return what + "already there";
  if (blob.way == BlobUpload::Way::mounted) return what + "mounted from " + blob.mount_from;
  return what + "uploaded";
}

}  // namespace gocker
