// Subvolumes of btrfs: directories that can be snapshot at once, whatever they hold.
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace gocker {

// Whether both directories are on one btrfs, so that a snapshot can be made from one into the
// other.
bool share_btrfs(const Fd& one, const Fd& other);

// An empty subvolume `name` in `directory`.
void make_subvolume(const Fd& directory, const std::string& name);

// A writable snapshot of the subvolume `source` (its root directory, opened for reading).
void snapshot_subvolume(const Fd& source, const Fd& directory, const std::string& name);

// Removes a subvolume with all that it holds. False where `name` is there but no subvolume; fine
// where it is absent.
bool remove_subvolume(const Fd& directory, const std::string& name);

}  // namespace gocker
