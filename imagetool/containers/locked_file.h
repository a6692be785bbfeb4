// Files whose lock tells whether the process that made them lives. They are removed by who holds
// the lock, so a lock counts only where the name still leads to the same file.
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace gocker {

// Opens or makes `path` (mode 0600) and takes flock(2) with `flags`; an invalid Fd where LOCK_NB
// was among them and another holds it.
Fd lock_file(const std::string& path, int flags);

// The same for a file that is there; an invalid Fd where it is not, too.
Fd lock_existing_file(const std::string& path, int flags);

}  // namespace gocker
