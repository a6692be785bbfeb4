// What differs between two trees of files, as `docker diff` tells it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

enum class ChangeKind : char { added = 'A', changed = 'C', deleted = 'D' };

struct Change {
  ChangeKind kind;
  std::string path;  // canonical: "/etc/passwd"
};

// A list has directories before what is in them, names in their order. A directory that both have
// counts as changed where its owner or mode differs, or where anything in it does; of one that is
// gone or has become something else, what was in it is not told.

// What the upper directory of an overlay changes in `lower`, the files below it joined (both
// opened for reading or with O_PATH). `made` are paths of empty files and directories that a
// runtime has made there to mount something on: they count for nothing.
std::vector<Change> upper_changes(const Fd& upper, OverlayAttributes attributes, const Fd& lower,
                                  const std::set<std::string>& made = {});

// How files of one name are compared: by size, times, owner, mode and target, as a copy of a tree
// keeps them all; or by everything but times. In the latter case two files of one inode number are
// the same, so both trees must be made of the same file system.
enum class Comparison { attributes, content };

std::vector<Change> tree_changes(const Fd& before, const Fd& after, Comparison comparison,
                                 const std::set<std::string>& made = {});

// Makes `target`, an empty directory, what the upper directory of an overlay would be: the objects
// of `after` that `changes` (of tree_changes) tell of, with whiteouts for those that are gone.
void extract_changes(const std::vector<Change>& changes, const Fd& after, const Fd& target);

}  // namespace gocker
