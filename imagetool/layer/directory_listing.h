// The names in a directory.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// All but "." and "..", in the file system's order. `directory` is opened for reading, not O_PATH.
std::vector<std::string> list_directory(const Fd& directory);

}  // namespace gocker
