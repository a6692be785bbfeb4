// Bundles: what an OCI runtime takes, made from an image.
//
//   DIR/config.json      the runtime's configuration
//   DIR/rootfs           the image's files: an overlay mount, or (flat) a plain directory
//   DIR/upper, DIR/work  what the container changes (not in a flat bundle)
//   DIR/.gocker-bundle   a symlink that says that DIR is ours; made first and removed last
//
// The store holds a lease (lease.h) as long as DIR uses its layers. A killed command leaves
// nothing that remove_bundle() does not clear away.
#pragma once

#include <string>

#include "imagetool/bundle/run_options.h"
#include "imagetool/layer/apply.h"
#include "imagetool/store/image.h"
#include "imagetool/store/store.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// How the files get there (rootfs.h). Automatic: a snapshot where store and bundle are on one btrfs
// and no ids are mapped, else an overlay, else, where the file system cannot hold an overlay's
// changes, a copy.
enum class BundleKind { automatic, overlay, snapshot, flat };

// Makes a bundle of `image`, whose layers are in the store, in `directory`, which must be absent
// (its parent not) or empty. An overlay bundle is for this machine: throws where it cannot run the
// image's programs, saying what is missing (foreign_platform.h). Mounts in the caller's mount
// namespace. Undoes everything when it throws. Returns what is in config.json; `notes` get what a
// person must know of a choice that was made for him.
oci::Spec make_bundle(const Store& store, const Image& image, const std::string& directory,
                      BundleKind kind, const RunOptions& options, Notes& notes);

// Mounts DIR/rootfs again with the changes that DIR/upper has, after a reboot. Fine where it is
// mounted, and for a flat bundle.
void mount_bundle(const Store& store, const std::string& directory);

// Unmounts DIR/rootfs; what the container has changed stays in DIR/upper.
void unmount_bundle(const std::string& directory);

// Where a bundle's files are: what the container has changed, or, where a driver keeps no upper
// directory, all of them.
struct BundleFiles {
  enum class Kind { upper, all } kind;
  Fd directory;  // opened for reading
};
BundleFiles open_files(const std::string& directory);

// Unmounts and removes a bundle and gives its lease back; fine where there is none any more, and
// where making or removing it was cut off. Throws for a directory that is no bundle of ours, and
// where something in use keeps it from being unmounted. Nothing that is mounted below is removed.
void remove_bundle(const Store& store, const std::string& directory);

}  // namespace gocker
