// How the files of an image become the root file system of a bundle: the storage drivers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/lease.h"
#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

// In the bundle's directory.
inline constexpr const char* kRootfs = "rootfs";
inline constexpr const char* kUpper = "upper";  // of an overlay

// What of the store a root file system is made of, and whom its files belong to.
struct RootfsSource {
  const Store& store;
  std::vector<std::string> chain_ids;  // the base first; in the store as long as it is used
  IdMaps id_maps;                      // of the container's user namespace; empty: the host's
  bool ephemeral = false;              // never reopened
};

class RootfsDriver {
 public:
  RootfsDriver() = default;
  RootfsDriver(const RootfsDriver&) = delete;
  RootfsDriver& operator=(const RootfsDriver&) = delete;
  virtual ~RootfsDriver() = default;

  // In the bundle's marker and for people: "overlay".
  virtual std::string_view name() const = 0;
  // Whether the layers must stay in the store as long as the bundle is there.
  virtual bool uses_layers() const = 0;
  // Makes all that the bundle's directory needs, and returns the root of the files: a detached
  // mount, or DIR/rootfs itself.
  virtual Fd make(const RootfsSource& source, const Fd& directory) const = 0;
  // The same after a reboot, with the changes that the container has made; an invalid Fd where
  // there is nothing to mount.
  virtual Fd reopen(const RootfsSource& source, const Fd& directory) const = 0;
  // Puts what make() or reopen() returned where the runtime looks for it.
  virtual void place(const Fd& root, const Fd& directory) const = 0;
  // Removes DIR/rootfs; what else the driver has made are plain files.
  virtual void remove(const Fd& directory) const = 0;
};

// The layers as an overlay mount with DIR/upper and DIR/work.
const RootfsDriver& overlay_driver();
// A btrfs snapshot of all files, made at once whatever the image's size: needs the store and the
// bundle on one btrfs. The first bundle of an image makes the subvolume that is snapshot.
const RootfsDriver& snapshot_driver();
// A copy of all files, which needs neither the store nor a mount.
const RootfsDriver& flat_driver();

// The files of an image, read-only: a detached mount, or the tree of its only layer.
Fd mount_layers(const RootfsSource& source);

// The driver of that name; nullptr where there is none.
const RootfsDriver* find_driver(std::string_view name);

}  // namespace gocker
