#include "imagetool/store/removal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "imagetool/digest.h"
#include "imagetool/store/build_steps.h"
#include "imagetool/store/cache_directory.h"
#include "imagetool/store/image.h"
#include "imagetool/store/lease.h"
#include "imagetool/store/subvolume.h"
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

// The layers of the images that are about to lose a name; one that cannot be read has none.
std::set<std::string> layers_of(const Store& store, const std::vector<ImageName>& names) {
  std::set<std::string> layers;
  for (const ImageName& name : names) {
    try {
      for (const std::string& id : load_image(store, {}, name.digest).chain_ids()) {
        layers.insert(digest_hex(id));
      }
    } catch (const std::exception&) {
      // It goes all the same.
    }
  }
  return layers;
}

// What builds have recorded keeps its layers, but those of `removed` go with their image.
void add_build_steps(const Store& store, const std::set<std::string>& removed, Needed& needed) {
  for (const RecordedStep& step : recorded_steps(store)) {
    if (step.result.is_empty()) continue;
    const std::string layer = digest_hex(step.result.chain_id);
    if (removed.contains(layer) && !needed.layers.contains(layer)) {
      forget_step(store, step.name);
    } else {
      needed.layers.insert(layer);
      needed.blobs.insert(digest_hex(step.result.digest));
    }
  }
}

// What a command that was killed has written of index.json; under the lock nobody writes.
void remove_cut_off_indexes(const Store& store) {
  for (const std::string& name : list_directory(store.directory(), store.root())) {
    if (name.starts_with(".index.json.")) ::unlinkat(store.directory().get(), name.c_str(), 0);
  }
}

// The caller holds the exclusive lock.
void sweep(const Store& store, const std::set<std::string>& removed, const Workspace& workspace,
           Removal& removal) {
  remove_cut_off_indexes(store);
  remove_dead_leases(store);
  Needed needed = find_needed(store);
  add_build_steps(store, removed, needed);
  removal.layers =
      move_out(store.layers(), needed.layers, workspace, "removed-layer-", removal.bytes);
  for (const std::string& name : list_directory(store.snapshots(), "snapshots")) {
    if (!needed.layers.contains(name)) remove_subvolume(store.snapshots(), name);
  }
  removal.blobs = move_out(store.blobs(), needed.blobs, workspace, "removed-blob-", removal.bytes);
}

// Who holds the lease and how it is ended: a container of the same root, or somebody's bundle.
std::string user_of(const Store& store, const Lease& lease) {
  const std::string start = store.root() + "/containers/";
  const std::string end = "/bundle";
  if (lease.directory.starts_with(start) && lease.directory.ends_with(end)) {
    const size_t length = lease.directory.size() - start.size() - end.size();
    const std::string id = lease.directory.substr(start.size(), length);
    return "the container " + id + " (remove that first: gocker rm " + id + ")";
  }
  return "the bundle " + lease.directory + " (remove that first: gocker-image unbundle " +
         lease.directory + ")";
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
    throw Error("image " + lost->reference + " is used by " + user_of(store, lease));
  }
}

void remove_unused_names(const Store& store, Removal& removal) {
  std::set<std::string> used;
  for (const Lease& lease : leases(store)) used.insert(lease.digest);
  for (const ImageName& name : image_names(store)) {
    if (used.contains(name.digest)) continue;
    remove_image_name(store, name.reference);
    removal.references.push_back(name.reference);
  }
}

}  // namespace

Removal remove_images(const Store& store, const std::vector<std::string>& texts) {
  remove_leftovers(store);
  const Workspace workspace(store);
  const Fd locked = store.lock(Store::Lock::exclusive);
  std::vector<ImageName> chosen;
  for (const std::string& text : texts) {
    for (ImageName& name : find_image_names(store, text)) chosen.push_back(std::move(name));
  }
  refuse_leased(store, chosen);
  const std::set<std::string> layers = layers_of(store, chosen);
  Removal removal;
  for (const ImageName& name : chosen) {
    remove_image_name(store, name.reference);
    removal.references.push_back(name.reference);
  }
  sweep(store, layers, workspace, removal);
  return removal;
}

Removal collect_garbage(const Store& store, Unused unused) {
  remove_leftovers(store);
  Removal removal;
  removal.bytes = remove_cache_directories(store).bytes;
  const Workspace workspace(store);
  const Fd locked = store.lock(Store::Lock::exclusive);
  forget_all_steps(store);
  if (unused == Unused::remove) remove_unused_names(store, removal);
  sweep(store, {}, workspace, removal);
  for (const std::string& name : list_directory(store.partial(), "partial")) {
    removal.bytes += size_of(store.partial(), name);
    remove_tree_at(store.partial(), name);
    ++removal.blobs;
  }
  return removal;
}

}  // namespace gocker
