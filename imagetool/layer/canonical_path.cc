#include "imagetool/layer/canonical_path.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {

std::string_view parent_of(std::string_view path) {
  const size_t slash = path.find_last_of('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

Fd open_canonical(const RootDir& root, std::string_view path, int flags) {
  try {
    return root.open_if_exists(path, flags | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  } catch (const Error& error) {
    if (error.code() == ELOOP) return {};  // a symlink on the way
    throw;
  }
}

std::string clean_relative(std::string_view path) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return join(parts, "/");
}

}  // namespace gocker
