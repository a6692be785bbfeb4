#include "imagetool/store/usage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <set>

#include "imagetool/digest.h"
#include "imagetool/store/build_steps.h"
#include "imagetool/store/cache_directory.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr uint64_t kBlock = 512;  // of st_blocks

struct stat status_at(const Fd& directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno != ENOENT) throw_errno("stat", name);
  return {};  // removed meanwhile
}

class TreeSize {
 public:
  void add(const Fd& parent, const std::string& name) {
    const struct stat status = status_at(parent, name);
    if (device_ == 0) device_ = status.st_dev;
    if (status.st_dev != device_ || !is_new(status)) return;
    bytes_ += static_cast<uint64_t>(status.st_blocks) * kBlock;
    if (!S_ISDIR(status.st_mode)) return;
    const Fd directory = open_if_exists_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) return;
    for (const std::string& each : list_directory(directory, name)) add(directory, each);
  }

  uint64_t bytes() const { return bytes_; }

 private:
  bool is_new(const struct stat& status) {
    return S_ISDIR(status.st_mode) || status.st_nlink < 2 || seen_.insert(status.st_ino).second;
  }

  dev_t device_ = 0;
  uint64_t bytes_ = 0;
  std::set<ino_t> seen_;
};

// Names of blobs and of layers: hexadecimal digits.
using Parts = std::set<std::string>;

// An image that cannot be read has its manifest alone.
void add_image(const Store& store, const std::string& digest, Parts& parts) try {
  parts.insert(digest_hex(digest));
  const Image image = load_image(store, {}, digest);
  parts.insert(digest_hex(image.manifest.config.digest));
  for (const ImageLayer& layer : image.layers) {
    parts.insert(digest_hex(layer.blob.digest));
    parts.insert(digest_hex(layer.chain_id));
  }
} catch (const std::exception&) {
  return;
}

// What each part of the store is there for.
struct Purposes {
  Parts leased;
  Parts named;
  Parts cached;
};

Purposes find_purposes(const Store& store, StoreUsage& usage) {
  Purposes purposes;
  std::set<std::string> in_use;
  for (const Lease& lease : leases(store)) {
    in_use.insert(lease.digest);
    add_image(store, lease.digest, purposes.leased);
    for (const std::string& id : lease.chain_ids) purposes.leased.insert(digest_hex(id));
  }
  std::set<std::string> images = in_use;
  for (const ImageName& name : image_names(store)) {
    images.insert(name.digest);
    add_image(store, name.digest, purposes.named);
  }
  for (const RecordedStep& step : recorded_steps(store)) {
    ++usage.build_cache.total;
    if (step.result.is_empty()) continue;
    purposes.cached.insert(digest_hex(step.result.chain_id));
    purposes.cached.insert(digest_hex(step.result.digest));
  }
  usage.images.total = images.size();
  usage.images.active = in_use.size();
  return purposes;
}

void count(const Purposes& purposes, const std::string& name, uint64_t bytes, StoreUsage& usage) {
  const bool is_leased = purposes.leased.contains(name);
  const bool is_of_image = is_leased || purposes.named.contains(name);
  Usage& entry = !is_of_image && purposes.cached.contains(name) ? usage.build_cache : usage.images;
  entry.bytes += bytes;
  if (!is_leased) entry.reclaimable += bytes;
}

void count_all(const Fd& part, const char* part_name, const Purposes& purposes, StoreUsage& usage) {
  for (const std::string& name : list_directory(part, part_name)) {
    count(purposes, name, disk_usage(part, name), usage);
  }
}

}  // namespace

uint64_t disk_usage(const Fd& parent, const std::string& name) {
  TreeSize size;
  size.add(parent, name);
  return size.bytes();
}

StoreUsage store_usage(const Store& store) {
  const Fd locked = store.lock(Store::Lock::shared);
  StoreUsage usage;
  const Purposes purposes = find_purposes(store, usage);
  count_all(store.blobs(), "blobs", purposes, usage);
  count_all(store.layers(), "layers", purposes, usage);
  const CacheUsage caches = cache_directory_usage(store);
  usage.build_cache.total += caches.count;
  usage.build_cache.bytes += caches.bytes;
  usage.build_cache.reclaimable += caches.bytes;
  for (const std::string& name : list_directory(store.partial(), "partial")) {
    ++usage.partial.total;
    usage.partial.bytes += disk_usage(store.partial(), name);
  }
  usage.partial.reclaimable = usage.partial.bytes;
  return usage;
}

}  // namespace gocker
