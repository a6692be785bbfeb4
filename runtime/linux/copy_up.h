// The content of a directory copied into a fresh filesystem (the mount option tmpcopyup).
#pragma once

#include "runtime/base/fd.h"

namespace gocker {

// Copies the tree below the directory `from` into the directory `to`: owners, modes, times, links,
// nodes. Neither follows symlinks nor keeps hard links and extended attributes.
void copy_up(const Fd& from, const Fd& to);

}  // namespace gocker
