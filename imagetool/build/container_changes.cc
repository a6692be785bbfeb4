#include "imagetool/build/container_changes.h"

#include <fcntl.h>

#include <set>

#include "imagetool/build/made_mount_points.h"
#include "imagetool/bundle/bundle.h"
#include "imagetool/bundle/rootfs.h"
#include "imagetool/containers/control.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

// The files of an image, whose layers must be unpacked; an empty directory's where there are none.
Fd open_files(const Store& store, std::vector<std::string> chain_ids, const TempDir& nothing) {
  if (chain_ids.empty()) return open_directory(nothing.path());
  return mount_layers({.store = store, .chain_ids = std::move(chain_ids), .id_maps = {}});
}

std::vector<Change> compare(const Places& places, const std::string& id, const BundleFiles& files) {
  const ContainerRecord record = load_record(places, id);
  const Store store(places.root);
  const Image image = load_image(store, record.image, record.digest);
  const Fd before = mount_layers({.store = store, .chain_ids = image.chain_ids(), .id_maps = {}});
  const std::vector<std::string> points =
      made_mount_points(RootDir(before.duplicate()), places.bundle(id) + "/config.json");
  const std::set<std::string> made(points.begin(), points.end());
  if (files.kind == BundleFiles::Kind::all) {
    return tree_changes(before, files.directory, Comparison::attributes, made);
  }
  return upper_changes(files.directory, store.overlay_attributes(), before, made);
}

}  // namespace

std::vector<Change> container_changes(const Places& places, const std::string& id) {
  const Doing doing("compare container", id);
  return compare(places, id, open_files(places.bundle(id)));
}

Fd open_container_changes(const Places& places, const std::string& id, const Fd& scratch) {
  BundleFiles files = open_files(places.bundle(id));
  if (files.kind == BundleFiles::Kind::upper) return std::move(files.directory);
  extract_changes(compare(places, id, files), files.directory, scratch);
  return open_file_at(scratch, ".", O_RDONLY | O_DIRECTORY);
}

std::vector<Change> last_layer_changes(const Store& store, const Image& image) {
  std::vector<std::string> below = image.chain_ids();
  if (below.empty()) return {};
  const Fd top = store.open_layer(below.back());
  below.pop_back();
  const TempDir nothing;
  return upper_changes(top, store.overlay_attributes(), open_files(store, below, nothing));
}

std::vector<Change> image_changes(const Store& store, const Image& before, const Image& after) {
  const TempDir nothing;
  return tree_changes(open_files(store, before.chain_ids(), nothing),
                      open_files(store, after.chain_ids(), nothing), Comparison::content);
}

}  // namespace gocker
