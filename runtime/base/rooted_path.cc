#include "runtime/base/rooted_path.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"

namespace gocker {
namespace {

// openat2 answers EAGAIN where a rename somewhere in the system raced with a ".." of the path.
// An attacker can provoke it, so the number of tries is bounded.
constexpr int kTries = 128;

int open_below(const Fd& root, const std::string& path, int flags, mode_t mode, uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  how.mode = creates ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  const char* name = path.empty() ? "." : path.c_str();
  int fd = -1;
  for (int i = 0; i < kTries; ++i) {
    fd = sys::openat2(root.get(), name, how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

// As many symlinks as the kernel follows in one path.
constexpr int kMostLinks = 40;

// Where a symlink points to that `name` in `parent` is, as a path from the root; nothing where it
// is none. An image may well bring a link to what is only there at run time, such as
// /etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf.
std::optional<std::string> link_target(const Fd& parent, std::string_view parent_path,
                                       const std::string& name) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlinkat(parent.get(), name.c_str(), buffer.data(), buffer.size());
  if (length <= 0 || static_cast<size_t>(length) == buffer.size()) return std::nullopt;
  const std::string target(buffer.data(), static_cast<size_t>(length));
  return target.starts_with('/') ? target : std::string(parent_path).append("/").append(target);
}

enum class Missing { directory, file };

// False where something stands there already.
bool make_entry(const Fd& parent, const std::string& name, Missing kind, mode_t mode,
                std::string_view path) {
  if (kind == Missing::directory) {
    if (::mkdirat(parent.get(), name.c_str(), mode) == 0) return true;
    if (errno != EEXIST) throw_errno("mkdir", path);
    return false;
  }
  constexpr int kFlags = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const Fd made(::openat(parent.get(), name.c_str(), kFlags, mode));
  if (!made && errno != EEXIST) throw_errno("create", path);
  return static_cast<bool>(made);
}

Fd make_below(const Fd& root, const std::string& path, Missing kind, mode_t mode, int links_left) {
  const int flags = kind == Missing::directory ? O_PATH | O_DIRECTORY : O_PATH;
  Fd existing(open_below(root, path, flags, 0, 0));
  if (existing) return existing;
  if (errno != ENOENT || links_left == 0) throw_errno("open", path);
  const SplitPath parts = split_path(path);
  const std::string name(parts.name);
  const std::string parent_path(parts.parent);
  if (name.empty() && kind == Missing::file) throw_errno_value(EISDIR, "create", path);
  if (name.empty() && parent_path.empty()) throw_errno_value(ENOENT, "open", path);
  const mode_t parent_mode = kind == Missing::directory ? mode : 0755;
  Fd parent = make_below(root, parent_path, Missing::directory, parent_mode, links_left);
  if (name.empty()) return parent;  // "a/" is "a"
  if (name != ".." && !make_entry(parent, name, kind, mode, path)) {
    const auto target = link_target(parent, parent_path, name);
    if (target) return make_below(root, *target, kind, mode, links_left - 1);
  }
  // Resolved from the root again: where an attacker swapped `name` for a symlink in between, it
  // still ends inside, and the descriptor is what the caller uses.
  return Fd(check(open_below(root, path, flags, 0, 0), "open", path));
}

}  // namespace

RootDir RootDir::open_host_path(const std::string& path) {
  return RootDir(open_directory(path));
}

Fd RootDir::open(std::string_view path, int flags, mode_t mode, uint64_t resolve) const {
  return Fd(check(open_below(directory_, std::string(path), flags, mode, resolve), "open", path));
}

Fd RootDir::open_if_exists(std::string_view path, int flags, uint64_t resolve) const {
  Fd fd(open_below(directory_, std::string(path), flags, 0, resolve));
  if (!fd && errno != ENOENT && errno != ENOTDIR) throw_errno("open", path);
  return fd;
}

Fd RootDir::try_open(std::string_view path, int flags, uint64_t resolve) const {
  return Fd(open_below(directory_, std::string(path), flags, 0, resolve));
}

Fd RootDir::make_directories(std::string_view path, mode_t mode) const {
  return make_below(directory_, std::string(path), Missing::directory, mode, kMostLinks);
}

Fd RootDir::make_file(std::string_view path, mode_t mode) const {
  return make_below(directory_, std::string(path), Missing::file, mode, kMostLinks);
}

SplitPath split_path(std::string_view path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

struct stat stat_fd(const Fd& fd, std::string_view name) {
  struct stat status {};
  check(::fstatat(fd.get(), "", &status, AT_EMPTY_PATH), "stat", name);
  return status;
}

std::string descriptor_path(const Fd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

}  // namespace gocker
