// Compares two directory trees in everything that a container could tell apart.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker::tests {

// For each path below the two directories: presence, type, permissions with set-id bits, owner,
// group, modification time to the nanosecond, extended attributes with their values; of files the
// size and each byte; of symlinks the target; of devices the numbers; of all but directories the
// number of links and which other paths are the same file. Each line names a path and what differs
// ("/usr/bin/su: mode 4755, 0755"). Empty where the trees are alike.
std::vector<std::string> compare_trees(const Fd& left, const Fd& right);

}  // namespace gocker::tests
