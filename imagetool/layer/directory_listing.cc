#include "imagetool/layer/directory_listing.h"

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "runtime/base/error.h"

namespace gocker {

std::vector<std::string> list_directory(const Fd& directory) {
  Fd own = directory.duplicate();
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(own.get()), ::closedir);
  if (!listing) throw_errno("list");
  own.release();  // closed by closedir
  ::rewinddir(listing.get());
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw_errno("list");
  return names;
}

}  // namespace gocker
