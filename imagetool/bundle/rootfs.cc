#include "imagetool/bundle/rootfs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "imagetool/bundle/mapped_owner.h"
#include "imagetool/bundle/mount_point.h"
#include "imagetool/bundle/user_namespace.h"
#include "imagetool/layer/attributes.h"
#include "imagetool/layer/copy.h"
#include "imagetool/layer/id_mapped.h"
#include "imagetool/layer/overlay.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr const char* kWork = "work";

Fd make_subdirectory(const Fd& directory, const char* name) {
  check(::mkdirat(directory.get(), name, S_IRWXU), "mkdir", name);
  return open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// What the files on disk belong to is what they belong to in the container: seen from outside they
// are mapped, the image's by each layer's own mount, the container's by that of the bundle.
OverlayMount overlay_of(const RootfsSource& source, const Fd& directory) {
  OverlayMount mount;
  mount.attributes = source.store.overlay_attributes();
  mount.is_volatile = source.ephemeral;
  mount.layers = source.store.open_layers(source.chain_ids);
  if (!source.id_maps.empty()) {
    const Fd user = make_user_namespace(source.id_maps);
    for (Fd& layer : mount.layers) layer = clone_id_mapped(layer, user);
    mount.upper_mount = clone_id_mapped(directory, user);
  }
  const Fd& parent = mount.upper_mount ? mount.upper_mount : directory;
  mount.upper = open_file_at(parent, kUpper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  mount.work = open_file_at(parent, kWork, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return mount;
}

class OverlayDriver : public RootfsDriver {
 public:
  std::string_view name() const override { return "overlay"; }
  bool uses_layers() const override { return true; }

  // The root directory is the upper one, which must look like the image's.
  Fd make(const RootfsSource& source, const Fd& directory) const override {
    make_subdirectory(directory, kRootfs);
    make_subdirectory(directory, kWork);
    const Fd upper = make_subdirectory(directory, kUpper);
    const Fd top = source.store.open_layer(source.chain_ids.back());
    set_attributes(upper, read_attributes(top, stat_fd(top, "/")));
    return reopen(source, directory);
  }

  Fd reopen(const RootfsSource& source, const Fd& directory) const override {
    const OverlayMount mount = overlay_of(source, directory);
    if (source.id_maps.empty()) return mount_overlay(mount);
    const CreatorIds creator(outside_root(source.id_maps.uids), outside_root(source.id_maps.gids));
    return mount_overlay(mount);
  }

  void place(const Fd& root, const Fd& directory) const override {
    attach_mount(root, directory, kRootfs);
  }

  void remove(const Fd& directory) const override { remove_tree_at(directory, kRootfs); }
};

class FlatDriver : public RootfsDriver {
 public:
  std::string_view name() const override { return "flat"; }
  bool uses_layers() const override { return false; }

  Fd make(const RootfsSource& source, const Fd& directory) const override {
    Fd rootfs = make_subdirectory(directory, kRootfs);
    const RootDir image(mount_layers(source));
    copy_tree(image.open(".", O_RDONLY | O_DIRECTORY), rootfs, [&](Attributes& attributes) {
      if (!source.id_maps.empty()) map_owner(attributes, source.id_maps);
    });
    return rootfs;
  }

  Fd reopen(const RootfsSource&, const Fd&) const override { return {}; }
  void place(const Fd&, const Fd&) const override {}
  void remove(const Fd& directory) const override { remove_tree_at(directory, kRootfs); }
};

}  // namespace

Fd mount_layers(const RootfsSource& source) {
  if (source.chain_ids.size() == 1) return source.store.open_layer(source.chain_ids.front());
  OverlayMount mount;
  mount.layers = source.store.open_layers(source.chain_ids);
  mount.attributes = source.store.overlay_attributes();
  return mount_overlay(mount);
}

const RootfsDriver& overlay_driver() {
  static const OverlayDriver driver;
  return driver;
}

const RootfsDriver& flat_driver() {
  static const FlatDriver driver;
  return driver;
}

const RootfsDriver* find_driver(std::string_view name) {
  const std::array drivers = {&overlay_driver(), &snapshot_driver(), &flat_driver()};
  const auto* const found = std::find_if(
      drivers.begin(), drivers.end(), [&](const auto* driver) { return driver->name() == name; });
  return found == drivers.end() ? nullptr : *found;
}

}  // namespace gocker
