// The local store of images. Below its root (mode 0700):
//
//   version            "gocker-store 1 trusted": the layout, and the overlay attributes of layers
//   lock               flock(2): shared to look something up, exclusive to name, lease or remove
//   oci-layout         with index.json and blobs/ the store is an OCI image layout, so that other
//   index.json         tools read it; the annotation org.opencontainers.image.ref.name is the
//                      reference in full: "docker.io/library/alpine:latest"
//   blobs/sha256/HEX   manifests, configs, layers as they came (image-layout.md)
//   layers/HEX/tree    an unpacked layer, HEX of its chain id; complete if it is there
//   steps/HEX          what a step of a build gave (build_steps.h), HEX of all that it depends on
//   caches/HEX         a directory that commands of builds keep (cache_directory.h)
//   leases/HEX         what a bundle uses (lease.h), HEX of its directory's name
//   tmp/NAME           what a running command adds (transaction.h), locked by it with flock(2)
//   snapshots/HEX      where the store lies on btrfs: a subvolume, the files of a chain of layers
//   partial/HEX        the beginning of a blob whose download was cut off (partial.h)
//
// A blob or layer enters by rename(2), whole. What a killed command leaves below tmp/ is removed by
// the next one that opens the store for writing, but for the beginnings of blobs. Manifests,
// configs and index.json are synced to disk; layers are not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// Which extended attributes mark opaque directories and the like in unpacked layers: trusted.* is
// for stores of root, user.* (with the mount option userxattr) for everybody else's.
enum class OverlayAttributes { trusted, user };

class Store {
 public:
  // Makes the store where there is none yet. Throws where `root` holds something else or a layout
  // of another version.
  explicit Store(const std::string& root);

  // The absolute path, for messages.
  const std::string& root() const { return root_; }
  OverlayAttributes overlay_attributes() const { return overlay_attributes_; }

  // Below blobs/sha256/, opened for reading; throws "open blob sha256:...: ..." where absent.
  Fd open_blob(std::string_view digest) const;
  bool has_blob(std::string_view digest) const;
  // The content of a small blob (manifest, config), checked against its digest.
  std::string read_blob(std::string_view digest, size_t limit) const;

  // The tree of an unpacked layer, O_PATH; throws where it is absent.
  Fd open_layer(std::string_view chain_id) const;
  bool has_layer(std::string_view chain_id) const;
  // The trees of several layers, in the order of the chain ids.
  std::vector<Fd> open_layers(const std::vector<std::string>& chain_ids) const;

  // Held until the Fd is closed; waits for others. Not to be nested in one thread.
  enum class Lock { shared, exclusive };
  [[nodiscard]] Fd lock(Lock kind) const;

  // Descriptors of the parts, for the files of this folder.
  const Fd& directory() const { return directory_; }
  const Fd& blobs() const { return blobs_; }
  const Fd& layers() const { return layers_; }
  const Fd& leases() const { return leases_; }
  const Fd& tmp() const { return tmp_; }
  const Fd& partial() const { return partial_; }
  const Fd& snapshots() const { return snapshots_; }

 private:
  void read_version();

  std::string root_;
  OverlayAttributes overlay_attributes_ = OverlayAttributes::trusted;
  Fd directory_;
  Fd blobs_;
  Fd layers_;
  Fd leases_;
  Fd tmp_;
  Fd partial_;
  Fd snapshots_;
};

}  // namespace gocker
