#include "imagetool/store/check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "imagetool/digest.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

std::string digest_of_file(const Fd& file) {
  constexpr size_t kChunk = 256 << 10;
  std::vector<char> buffer(kChunk);
  Sha256 hash;
  while (true) {
    const ssize_t got = check(::read(file.get(), buffer.data(), buffer.size()), "read");
    if (got == 0) return hash.finish();
    hash.update({buffer.data(), static_cast<size_t>(got)});
  }
}

class Check {
 public:
  explicit Check(const Store& store) : store_(store) {}

  StoreCheck run() {
    for (const std::string& name : list_directory(store_.blobs(), "blobs")) check_blob(name);
    for (const std::string& name : list_directory(store_.layers(), "layers")) check_layer(name);
    for (const ImageName& name : image_names(store_)) {
      ++found_.images;
      check_image("image " + name.reference, name.digest);
    }
    for (const Lease& lease : leases(store_)) check_lease(lease);
    return std::move(found_);
  }

 private:
  void report(std::string problem) { found_.problems.push_back(std::move(problem)); }

  void check_blob(const std::string& name) {
    ++found_.blobs;
    try {
      const std::string digest = digest_of_file(open_file_at(store_.blobs(), name, O_RDONLY));
      if (digest == "sha256:" + name) return;
      report("blob sha256:" + name + ": its content has the digest " + digest);
    } catch (const Error& error) {
      report("blob sha256:" + name + ": " + error.what());
    }
    found_.damaged_blobs.push_back(name);
  }

  void check_layer(const std::string& name) {
    ++found_.layers;
    if (open_if_exists_at(store_.layers(), name + "/tree", O_PATH | O_DIRECTORY)) return;
    report("layer " + name + ": it has no tree");
  }

  void check_image(const std::string& what, const std::string& digest) {
    try {
      const Image image = load_image(store_, {}, digest);
      for (const ImageLayer& layer : image.layers) {
        if (!store_.has_blob(layer.blob.digest)) {
          report(what + ": its layer " + layer.blob.digest + " is missing");
        }
      }
    } catch (const std::exception& error) {
      report(what + ": " + error.what());
    }
  }

  void check_lease(const Lease& lease) {
    for (const std::string& id : lease.chain_ids) {
      if (store_.has_layer(id)) continue;
      report("bundle " + lease.directory + ": its unpacked layer " + id + " is missing");
    }
  }

  const Store& store_;
  StoreCheck found_;
};

}  // namespace

StoreCheck check_store(const Store& store) {
  const Fd locked = store.lock(Store::Lock::shared);
  return Check(store).run();
}

void remove_damaged(const Store& store, const StoreCheck& found) {
  const Fd locked = store.lock(Store::Lock::exclusive);
  for (const std::string& name : found.damaged_blobs) remove_tree_at(store.blobs(), name);
}

}  // namespace gocker
