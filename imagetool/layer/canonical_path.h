// Canonical paths of a tree: "/usr/lib", without symlinks, "." and ".."; the root is "".
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// "/usr" of "/usr/lib", "" of "/usr".
std::string_view parent_of(std::string_view path);

// What `path` names below `root`, a symlink itself (with O_PATH). O_NOFOLLOW is added. An invalid
// Fd where there is nothing, or where a component on the way is no directory.
Fd open_canonical(const RootDir& root, std::string_view path, int flags);

// Without empty components, "." and "..", and without slashes at the ends; ".." goes up to the
// start at most. "" is the start itself.
std::string clean_relative(std::string_view path);

}  // namespace gocker
