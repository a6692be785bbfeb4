// The root filesystem of a container without a mount namespace of its own ("the container MUST
// inherit the runtime namespace of that type": config-linux.md, "Namespaces"). All of its mounts
// are made in the runtime's namespace, on and below one mount that is put over the root filesystem,
// so letting go of that one takes them all away.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"

namespace gocker {

// The mount that a descriptor lies on. No other mount ever has that number (Linux 6.8), or none at
// the same time.
uint64_t unique_mount_id(const Fd& file);

// A private copy of what is mounted at `path` and below, not attached yet.
Fd copy_shared_rootfs(const std::string& path);

// Unmounts it from `path`, with all that lies on it. Nothing to do where it is gone; where somebody
// mounted something over it, it stays.
void unmount_shared_rootfs(const std::string& path, uint64_t id);

// The calling process sees only what is below `root` from here on; the working directory is its new
// "/". This is a view and no barrier: root with CAP_SYS_CHROOT can leave it.
void change_root(const Fd& root);

}  // namespace gocker
