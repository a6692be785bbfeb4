#include "runtime/base/rooted_path.h"

#include <fcntl.h>

#include <cerrno>

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
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  const char* name = path.empty() ? "." : path.c_str();
  int fd = -1;
  for (int i = 0; i < kTries; ++i) {
    fd = sys::openat2(root.get(), name, how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
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

Fd RootDir::make_directories(std::string_view path, mode_t mode) const {
  constexpr int kFlags = O_PATH | O_DIRECTORY;
  Fd whole(open_below(directory_, std::string(path), kFlags, 0, 0));
  if (whole) return whole;
  if (errno != ENOENT) throw_errno("open", path);
  const SplitPath parts = split_path(path);
  if (parts.name.empty() || parts.name == "..") {
    return make_directories(parts.parent.empty() ? "/" : parts.parent, mode);
  }
  const Fd parent = make_directories(parts.parent, mode);
  const std::string name(parts.name);
  if (::mkdirat(parent.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
    throw_errno("mkdir", path);
  }
  // Resolved from the root again: where an attacker swapped `name` for a symlink in between, it
  // still ends inside, and the descriptor is what the caller uses.
  return open(path, kFlags);
}

Fd RootDir::make_file(std::string_view path, mode_t mode) const {
  if (Fd existing = open_if_exists(path, O_PATH)) return existing;
  const SplitPath parts = split_path(path);
  if (parts.name.empty()) throw_errno_value(EISDIR, "create", path);
  const Fd parent = make_directories(parts.parent, 0755);
  const std::string name(parts.name);
  Fd created(::openat(parent.get(), name.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!created && errno != EEXIST) throw_errno("create", path);
  return open(path, O_PATH);
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
