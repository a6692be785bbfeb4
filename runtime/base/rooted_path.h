// Paths that a container or an image controls, resolved only below a root directory.
//
// Every open goes through openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: an absolute
// symlink and ".." stay inside, and /proc's magic links are refused. A path that was opened once
// is used by its descriptor only; nothing resolves it a second time (CVE-2021-30465 and its kin).
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"

namespace gocker {

class RootDir {
 public:
  RootDir() = default;
  // Takes a directory descriptor (O_PATH suffices).
  explicit RootDir(Fd directory) : directory_(std::move(directory)) {}
  static RootDir open_host_path(const std::string& path);

  const Fd& fd() const { return directory_; }
  explicit operator bool() const { return static_cast<bool>(directory_); }

  // Opens `path` (absolute or relative: both start at the root). O_CLOEXEC is added. `resolve`
  // adds RESOLVE_* flags such as RESOLVE_NO_SYMLINKS. Throws "open PATH: ...".
  Fd open(std::string_view path, int flags, mode_t mode = 0, uint64_t resolve = 0) const;
  // An invalid Fd for ENOENT and ENOTDIR.
  Fd open_if_exists(std::string_view path, int flags, uint64_t resolve = 0) const;

  // The same without an Error: an invalid Fd, and errno tells why.
  Fd try_open(std::string_view path, int flags, uint64_t resolve = 0) const;

  // mkdir -p; existing components may be symlinks: what they point to below the root is made, too,
  // where it is missing. Returns the directory (O_PATH).
  Fd make_directories(std::string_view path, mode_t mode) const;
  // Makes parents and, where nothing is there, an empty file; returns it opened with O_PATH.
  Fd make_file(std::string_view path, mode_t mode) const;

 private:
  Fd directory_;
};

// A path split at its last slash: {"/a/b", "c"}; the name is empty for "/" and for "a/".
struct SplitPath {
  std::string_view parent;
  std::string_view name;
};
SplitPath split_path(std::string_view path);

struct stat stat_fd(const Fd& fd, std::string_view name);

// "/proc/self/fd/N": the one way to hand an O_PATH descriptor to a call that takes a path.
std::string descriptor_path(const Fd& fd);

}  // namespace gocker
