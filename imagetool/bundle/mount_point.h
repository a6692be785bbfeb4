// A directory's entry as a place to mount on, by the directory's descriptor.
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace gocker {

// Whether something is mounted on `name` in `directory`. A symlink is not followed.
bool is_mount_point(const Fd& directory, const std::string& name);

// Puts the detached mount `mount` on `name`.
void attach_mount(const Fd& mount, const Fd& directory, const std::string& name);

// Unmounts all that lies on `name`, one mount over the other; fine where nothing does. Throws where
// a mount is in use or has others below it.
void detach_mounts(const Fd& directory, const std::string& name);

// Takes the mount on `name` away, though it may be in use: whoever has it open keeps it, and the
// place is free at once, so that removing it removes nothing of what was mounted.
void let_go_of_mount(const Fd& directory, const std::string& name) noexcept;

}  // namespace gocker
