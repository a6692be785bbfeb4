#include "runtime/cgroup/group_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/syscalls.h"

namespace gocker {
namespace {

using Names = std::vector<std::string>;

Names list_groups(const Fd& group) {
  const int fd = ::openat(group.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && is_gone(errno)) return {};
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(check(fd, "list a control group")),
                                                    ::closedir);
  if (!listing) throw_errno("list a control group");
  Names names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr && errno != 0 && !is_gone(errno)) throw_errno("list a control group");
    if (entry == nullptr) return names;
    const std::string_view name(entry->d_name);
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
}

Fd open_beside(const Fd& group, const char* name) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return Fd(sys::openat2(group.get(), name, how));
}

struct Level {
  std::string name;
  Names pending;  // groups below that were not entered yet
};

}  // namespace

void walk_groups(const GroupDirectory& top, const GroupVisitor& visitor) {
  Fd current = top.fd().duplicate();
  std::vector<Level> levels;
  levels.push_back({std::string(), list_groups(current)});
  while (true) {
    if (!levels.back().pending.empty()) {
      std::string name = std::move(levels.back().pending.back());
      levels.back().pending.pop_back();
      Fd below = open_beside(current, name.c_str());
      if (!below && is_gone(errno)) continue;
      if (!below) throw_errno("open the control group", name);
      current = std::move(below);
      levels.push_back({std::move(name), list_groups(current)});
      continue;
    }
    if (visitor.visit) visitor.visit(current);
    if (levels.size() == 1) return;
    // Groups can't be moved to another parent, so ".." is where we came from.
    Fd above = open_beside(current, "..");
    if (!above) throw_errno("open the control group above", levels.back().name);
    current = std::move(above);
    if (visitor.leave) visitor.leave(current, levels.back().name);
    levels.pop_back();
  }
}

int remove_group_tree(const std::string& directory) {
  if (::rmdir(directory.c_str()) == 0 || is_gone(errno)) return 0;
  if (errno != EBUSY) throw_errno("remove control group", directory);
  const auto top = GroupDirectory::open_if_exists(directory);
  if (!top) return 0;
  walk_groups(*top, {.visit = {}, .leave = [](const Fd& parent, const std::string& name) {
                       if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0) return;
                       if (is_gone(errno) || errno == EBUSY) return;
                       throw_errno("remove control group", name);
                     }});
  if (::rmdir(directory.c_str()) == 0 || is_gone(errno)) return 0;
  if (errno != EBUSY) throw_errno("remove control group", directory);
  return EBUSY;
}

}  // namespace gocker
