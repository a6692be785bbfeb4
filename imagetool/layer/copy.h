// Copies of files and trees with everything that they have: content (holes stay holes), type,
// owner, permissions, extended attributes but overlay's own, times to the nanosecond, links.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "imagetool/layer/attributes.h"
#include "runtime/base/fd.h"

namespace gocker {

// Copies one object that is no directory. `source` (O_PATH, a symlink itself) has `status`; there
// must be nothing called `name` in `directory`.
void copy_file(const Fd& source, const struct stat& status, const Fd& directory,
               const std::string& name);

// The same with other attributes than its own.
void copy_file(const Fd& source, const struct stat& status, const Fd& directory,
               const std::string& name, const Attributes& attributes);

// The target of the symlink that `link` (O_PATH) is.
std::string read_link_target(const Fd& link);

// Copies the content and the attributes of the directory `source` to the empty directory `target`.
// Files that have several names below `source` have them below `target`. `change` is what each file
// gets in place of its own attributes.
using AttributeChange = std::function<void(Attributes&)>;
void copy_tree(const Fd& source, const Fd& target, const AttributeChange& change = {});

}  // namespace gocker
