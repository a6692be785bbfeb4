#include "imagetool/store/partial.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr std::string_view kDraft = "blob-";
constexpr off_t kWorthKeeping = 1 << 20;

off_t size_of(const Fd& directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return S_ISREG(status.st_mode) ? status.st_size : 0;
}

}  // namespace

std::string blob_draft_name(std::string_view hex) {
  return std::string(kDraft).append(hex);
}

bool take_partial(const Store& store, std::string_view hex, const Fd& workspace) {
  const std::string from(hex);
  const std::string to = blob_draft_name(hex);
  if (::renameat(store.partial().get(), from.c_str(), workspace.get(), to.c_str()) == 0)
    return true;
  if (errno != ENOENT) throw_errno("take the beginning of blob", hex);
  return false;
}

void keep_partials(const Store& store, const Fd& workspace) {
  for (const std::string& name : list_directory(workspace, "workspace")) {
    if (!name.starts_with(kDraft) || size_of(workspace, name) < kWorthKeeping) continue;
    const std::string hex = name.substr(kDraft.size());
    if (size_of(store.partial(), hex) >= size_of(workspace, name)) continue;
    check(::renameat(workspace.get(), name.c_str(), store.partial().get(), hex.c_str()), "keep",
          name);
  }
}

}  // namespace gocker
