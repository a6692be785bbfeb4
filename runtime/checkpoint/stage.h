// What CRIU finds where it restores a container: the root filesystem and the mounts from outside,
// put up in a mount namespace of its own, so that the host's mount table is left alone and no path
// of an image is resolved a second time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"
#include "runtime/launch/request.h"
#include "runtime/linux/mounts.h"

namespace gocker {

// The caller in a mount namespace of its own, until the end of this object's life; children that
// are made meanwhile stay there. CRIU mounts in the directories that it is given, so these must be
// opened there, too.
class PrivateMounts {
 public:
  PrivateMounts();
  PrivateMounts(const PrivateMounts&) = delete;
  PrivateMounts& operator=(const PrivateMounts&) = delete;
  ~PrivateMounts();

 private:
  Fd home_;
  Fd working_directory_;
};

class Stage {
 public:
  // Opens everything as detached mounts, and makes the mount points that a fresh root filesystem
  // lacks.
  explicit Stage(const LaunchRequest& request);

  // Among PrivateMounts: everything below the container's state directory.
  void set_up() const;
  // Where it is set up: the images as the container's root may read them, which CRIU is by then
  // where the container has a user namespace of its own.
  Fd show_images(Fd images) const;

  std::string root_path() const { return path_ + "/root"; }
  // Where it is set up: CRIU's keys and paths, of the mounts below a recursive bind, too.
  std::vector<std::pair<std::string, std::string>> external_mounts() const;

 private:
  std::string path_of(size_t index) const { return path_ + "/" + std::to_string(index); }
  void make_mount_points() const;

  const LaunchRequest& request_;
  MountPlan plan_;
  Fd root_;
  std::string path_;
};

}  // namespace gocker
