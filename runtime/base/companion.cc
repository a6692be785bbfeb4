#include "runtime/base/companion.h"

#include <unistd.h>

namespace gocker {

std::optional<std::string> find_companion(const std::string& folder, const std::string& name) {
  for (const char* below : {"/", "/../libexec/gocker/"}) {
    std::string path = folder;
    path.append(below).append(name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::nullopt;
}

}  // namespace gocker
