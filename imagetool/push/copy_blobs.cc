#include "imagetool/push/copy_blobs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "imagetool/push/image_blobs.h"
#include "imagetool/push/target.h"
#include "imagetool/registry/download.h"
#include "imagetool/registry/upload.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

// It has no name, so that nothing is left whatever happens.
Fd open_spool() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  path += "/gocker-copy-XXXXXX";
  Fd file(check(::mkostemp(path.data(), O_CLOEXEC), "make a file", path));
  check(::unlink(path.c_str()), "unlink", path);
  return file;
}

struct BlobCopy {
  BlobDownload down;
  BlobUpload up;
  bool told = false;
};

// The upload looks first whether the content is needed, and goes on once it is here.
void connect(BlobCopy& copy, const oci::Descriptor& blob, std::string name) {
  using Wish = BlobDownload::Wish;
  copy.down.descriptor = blob;
  copy.down.name = std::move(name);
  copy.down.file = open_spool();
  copy.down.wish = [&copy] {
    if (copy.up.complete()) return Wish::never;
    return copy.up.wanted ? Wish::now : Wish::later;
  };
  copy.up.descriptor = blob;
  copy.up.name = copy.down.name;
  copy.up.file = copy.down.file.duplicate();
  copy.up.available = [&copy] { return copy.down.complete; };
}

class BlobsCopy {
 public:
  explicit BlobsCopy(Progress& progress) : progress_(progress) {}

  void add(const oci::Descriptor& blob, std::string name, const std::string& mount_from) {
    connect(copies_.emplace_back(), blob, std::move(name));
    copies_.back().up.mount_from = mount_from;
  }

  void run(RegistryConnection& source, RegistryConnection& target) {
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (BlobCopy& copy : copies_) {
      transfers.push_back(make_upload(target, copy.up));
      transfers.push_back(make_download(source, copy.down));
    }
    run_transfers(target.client(), transfers, [this] { look(); });
  }

 private:
  void look() {
    std::vector<ProgressRow> rows;
    for (BlobCopy& copy : copies_) {
      const BlobUpload& up = copy.up;
      if (up.complete() && !std::exchange(copy.told, true)) finish(copy);
      const bool arrives = copy.up.wanted && !copy.down.complete;
      const std::string_view action = up.complete() ? "done" : arrives ? kDownloading : kUploading;
      rows.push_back({up.name, action, arrives ? copy.down.received : up.sent, up.descriptor.size});
    }
    progress_.update(rows);
  }

  // Its file's space is free again.
  void finish(BlobCopy& copy) {
    copy.down.file.reset();
    copy.up.file.reset();
    progress_.finished(outcome_of(copy.up));
  }

  Progress& progress_;
  std::deque<BlobCopy> copies_;  // they refer to themselves: none moves
};

}  // namespace

void copy_blobs(Repository& source, Repository& target, const oci::Manifest& manifest,
                std::set<std::string>& done, Progress& progress) {
  const Endpoint& from = source.endpoint();
  const Endpoint& to = target.endpoint();
  const std::string mount_from = from.host == to.host && from.path != to.path ? from.path : "";
  if (!mount_from.empty()) target.connection().also_read(mount_from);
  BlobsCopy copies(progress);
  for (ImageBlob& blob : blobs_of(manifest, done)) {
    copies.add(blob.descriptor, std::move(blob.name), mount_from);
  }
  copies.run(source.connection(), target.connection());
}

}  // namespace gocker
