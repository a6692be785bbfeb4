#include "imagetool/push/target.h"

#include <memory>
#include <set>
#include <utility>

namespace gocker {

Repository open_target(HttpClient& client, const Reference& target, const RegistryAccess& access) {
  Endpoint endpoint = endpoints_of(target, load_registries_conf()).back();
  if (access.transport != Transport::usual) endpoint.transport = access.transport;
  auto credentials = load_credentials(access.credentials, endpoint.host, endpoint.path);
  return {client, std::move(endpoint), std::move(credentials), Access::write};
}

void push_blobs(RegistryConnection& connection, std::vector<BlobUpload>& blobs,
                Progress& progress) {
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (BlobUpload& blob : blobs) {
    if (!blob.mount_from.empty()) connection.also_read(blob.mount_from);
    transfers.push_back(make_upload(connection, blob));
  }
  std::set<std::string> told;  // what a person knows to be there
  run_transfers(connection.client(), transfers, [&] {
    std::vector<ProgressRow> rows;
    for (const BlobUpload& blob : blobs) {
      if (blob.complete() && told.insert(blob.name).second) progress.finished(outcome_of(blob));
      const std::string_view action = blob.complete() ? "done" : kUploading;
      rows.push_back({blob.name, action, blob.sent, blob.descriptor.size});
    }
    progress.update(rows);
  });
}

std::string outcome_of(const BlobUpload& blob) {
  const std::string what = blob.name + " (" + human_size(blob.descriptor.size) + "): ";
  if (blob.way == BlobUpload::Way::found) return what + "already there";
  if (blob.way == BlobUpload::Way::mounted) return what + "mounted from " + blob.mount_from;
  return what + "uploaded";
}

}  // namespace gocker
