// Files on the host: bounded reads, one-call writes, atomic replacement, removal of trees.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// Most files that the runtime reads are small: more than this is refused unless a caller allows it.
inline constexpr size_t kDefaultReadLimit = 16 << 20;

// open(2) with O_CLOEXEC added; throws "open PATH: ...".
Fd open_file(const std::string& path, int flags, mode_t mode = 0);
Fd open_file_at(const Fd& dir, const std::string& name, int flags, mode_t mode = 0);
// An invalid Fd where the file does not exist; throws on every other failure.
Fd open_if_exists(const std::string& path, int flags);
Fd open_if_exists_at(const Fd& dir, const std::string& name, int flags);
// Opens a directory with O_PATH.
Fd open_directory(const std::string& path);

// The whole content; an error where it is longer than `limit` bytes.
std::string read_all(const Fd& fd, std::string_view name, size_t limit = kDefaultReadLimit);
std::string read_file(const std::string& path, size_t limit = kDefaultReadLimit);
std::string read_file_at(const Fd& dir, const std::string& name, size_t limit = kDefaultReadLimit);
std::optional<std::string> read_if_exists_at(const Fd& dir, const std::string& name,
                                             size_t limit = kDefaultReadLimit);

// All of `content`, by as many write(2) as it takes.
void write_all(const Fd& fd, std::string_view content, std::string_view name);
// One write(2), as files of procfs and cgroupfs want it. The file must exist.
void write_file(const std::string& path, std::string_view content);
void write_file_at(const Fd& dir, const std::string& name, std::string_view content);

// Writes a temporary file beside `name`, then renames it over `name`, so that a reader sees the
// old content or the new one and a crash leaves no half. Not synced to disk unless `sync` says so.
enum class Sync { no, yes };
void replace_file_at(const Fd& dir, const std::string& name, std::string_view content, mode_t mode,
                     Sync sync = Sync::no);

// While it lives, new files get the very mode that they are asked for.
class NoUmask {
 public:
  NoUmask() : outermost_(!std::exchange(active_, true)), before_(outermost_ ? ::umask(0) : 0) {}
  NoUmask(const NoUmask&) = delete;
  NoUmask& operator=(const NoUmask&) = delete;
  ~NoUmask() {
    if (!outermost_) return;
    ::umask(before_);
    active_ = false;
  }

 private:
  inline static bool active_ = false;
  bool outermost_;
  mode_t before_;
};

// mkdir -p on the host; the last component gets `mode`, parents 0755.
void make_directories(const std::string& path, mode_t mode);

// The names in a directory, without "." and "..", sorted.
std::vector<std::string> list_directory(const Fd& dir, std::string_view name);

// Removes `name` below `dir` with all that it holds; what is absent is fine. Never follows a
// symlink and never crosses into another mount.
void remove_tree_at(const Fd& dir, const std::string& name);

// The absolute path without symlinks, ".", and ".." (realpath(3)).
std::string real_path(const std::string& path);
// The same for a name in a directory whose own path is real: one look where it is no symlink.
std::string real_path_in(const std::string& real_directory, const std::string& name);

// A fresh directory below $TMPDIR or /tmp, removed with its content.
class TempDir {
 public:
  explicit TempDir(std::string_view prefix = "gocker");
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace gocker
