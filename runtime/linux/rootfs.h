// The root filesystem of a container: from the host's view to pivot_root(2), and what is hidden or
// made read-only inside (config.md, "Root"; config-linux.md, "Rootfs Mount Propagation", "Masked
// Paths", "Readonly Paths").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// In the launcher, where the container has a user namespace of its own, whose root may not reach
// the bundle: a detached copy of the mount at `path`.
Fd clone_rootfs(const std::string& path);

// In a new mount namespace: cuts it off from the host (rslave, or what `propagation` of
// linux.rootfsPropagation needs), makes `path` (absolute, on the host) a mount point of its own and
// returns it. A `prepared` one, from clone_rootfs(), takes the place of what is at `path`.
RootDir prepare_rootfs(const std::string& path, std::string_view propagation,
                       const Fd& prepared = Fd());

// Makes `root` the root of the mount namespace and lets go of the old one; the working directory
// is the new "/". Without pivot_root (an initramfs can't be pivoted): MS_MOVE and chroot. In the
// runtime's own mount namespace (shared_rootfs.h): chroot alone.
enum class RootSwitch { pivot, move, chroot };
// `propagation` as for prepare_rootfs().
void switch_root(const RootDir& root, RootSwitch method, std::string_view propagation = {});

// After the switch. `propagation` as in config.json; nothing to do for "".
void set_rootfs_propagation(std::string_view propagation);
void make_rootfs_readonly();

// What a mask is made of, opened on the host before anything of the container could stand in its
// way: the host's /dev/null, checked to be 1:3 (CVE-2025-31133). Opens nothing where there is
// nothing to mask, nor where the caller may not mount (EPERM).
Fd open_mask_source(const std::vector<std::string>& masked_paths);
// After the switch. Files become /dev/null, directories an empty read-only tmpfs; what is absent is
// skipped.
void mask_paths(const RootDir& root, const std::vector<std::string>& paths, const Fd& null_device);
void make_paths_readonly(const RootDir& root, const std::vector<std::string>& paths);

}  // namespace gocker
