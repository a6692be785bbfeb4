#include "imagetool/store/removal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "imagetool/digest.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"
#include "imagetool/store/workspace.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

// Names of blobs and of layers (the hexadecimal digits) that must stay.
struct Needed {
  std::set<std::string> blobs;
  std::set<std::string> layers;
};

void add_image(const Store& store, const std::string& digest, Needed& needed) {
  if (!needed.blobs.insert(digest_hex(digest)).second) return;
  const Image image = load_image(store, {}, digest);
  needed.blobs.insert(digest_hex(image.manifest.config.digest));
  for (const ImageLayer& layer : image.layers) {
    needed.blobs.insert(digest_hex(layer.blob.digest));
    needed.layers.insert(digest_hex(layer.chain_id));
  }
}

Needed find_needed(const Store& store) {
  Needed needed;
  for (const ImageName& name : image_names(store)) add_image(store, name.digest, needed);
  for (const Lease& lease : leases(store)) {
    if (store.has_blob(lease.digest)) add_image(store, lease.digest, needed);
    for (const std::string& id : lease.chain_ids) needed.layers.insert(digest_hex(id));
  }
  for (const std::string& name : pinned_names(store)) {
    needed.blobs.insert(name);
    needed.layers.insert(name);
  }
  return needed;
}

uint64_t size_of(const Fd& part, const std::string& name) {
  struct stat status {};
  if (::fstatat(part.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
}

// Moves what is not needed from a part of the store to the workspace, whose end removes it: a
// rename is all that happens under the lock.
size_t move_out(const Fd& part, const std::set<std::string>& needed, const Workspace& workspace,
                const char* prefix, uint64_t& bytes) {
  size_t count = 0;
  for (const std::string& name : list_directory(part, prefix)) {
    if (needed.contains(name)) continue;
    const uint64_t size = size_of(part, name);
    const std::string target = prefix + name;
    check(::renameat(part.get(), name.c_str(), workspace.directory().get(), target.c_str()),
          "remove", name);
    bytes += size;
    ++count;
  }
  return count;
}

// The caller holds the exclusive lock.
void sweep(const Store& store, const Workspace& workspace, Removal& removal) {
  remove_dead_leases(store);
  const Needed needed = find_needed(store);
  removal.layers =
      move_out(store.layers(), needed.layers, workspace, "removed-layer-", removal.bytes);
  removal.blobs = move_out(store.blobs(), needed.blobs, workspace, "removed-blob-", removal.bytes);
}

void refuse_leased(const Store& store, const std::vector<ImageName>& chosen) {
  const std::vector<ImageName> names = image_names(store);
  for (const Lease& lease : leases(store)) {
    const auto is_chosen = [&](const ImageName& name) {
      return std::any_of(chosen.begin(), chosen.end(),
                         [&](const ImageName& other) { return other.reference == name.reference; });
    };
    const auto has_digest = [&](const ImageName& name) { return name.digest == lease.digest; };
    const auto stays = [&](const ImageName& name) { return has_digest(name) && !is_chosen(name); };
    const auto lost = std::find_if(chosen.begin(), chosen.end(), has_digest);
    if (lost == chosen.end() || std::any_of(names.begin(), names.end(), stays)) continue;
    throw Error("image " + lost->reference + " is used by the bundle " + lease.directory +
                " (remove that first: gocker-image unbundle " + lease.directory + ")");
  }
}

}  // namespace

Removal remove_images(const Store& store, const std::vector<std::string>& texts) {
  remove_leftovers(store);
  const Workspace workspace(store);
  const Fd locked = store.lock(Store::Lock::exclusive);
  std::vector<ImageName> chosen;
  chosen.reserve(texts.size());
  for (const std::string& text : texts) chosen.push_back(find_image_name(store, text));
  refuse_leased(store, chosen);
  Removal removal;
  for (const ImageName& name : chosen) {
    remove_image_name(store, name.reference);
    removal.references.push_back(name.reference);
  }
  sweep(store, workspace, removal);
  return removal;
}

Removal collect_garbage(const Store& store) {
  remove_leftovers(store);
  const Workspace workspace(store);
  const Fd locked = store.lock(Store::Lock::exclusive);
  Removal removal;
  sweep(store, workspace, removal);
  for (const std::string& name : list_directory(store.partial(), "partial")) {
    removal.bytes += size_of(store.partial(), name);
    remove_tree_at(store.partial(), name);
    ++removal.blobs;
  }
  return removal;
}

}  // namespace gocker
