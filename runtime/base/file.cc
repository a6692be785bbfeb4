#include "runtime/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "runtime/base/error.h"
#include "runtime/base/syscalls.h"

namespace gocker {
namespace {

Fd open_at(int dir, const std::string& name, int flags, mode_t mode) {
  return Fd(::openat(dir, name.c_str(), flags | O_CLOEXEC, mode));
}

Fd existing(Fd fd, const std::string& name) {
  if (!fd && errno != ENOENT) throw_errno("open", name);
  return fd;
}

void write_once(const Fd& fd, std::string_view content, std::string_view name) {
  const ssize_t written = check(::write(fd.get(), content.data(), content.size()), "write", name);
  if (static_cast<size_t>(written) != content.size()) {
    throw Error(std::string("write ").append(name).append(": not taken as a whole"), EIO);
  }
}

struct TemporaryFile {
  Fd fd;
  std::string name;
};

// What another process of the same id has left behind, before a reboot or in another pid namespace,
// is in nobody's way.
TemporaryFile create_beside(const Fd& dir, const std::string& name, mode_t mode) {
  static std::atomic<unsigned> counter{0};
  static const std::string process = "." + std::to_string(::getpid()) + ".";
  const std::string prefix = "." + name + process;
  while (true) {
    std::string temporary = prefix + std::to_string(++counter);
    Fd fd = open_at(dir.get(), temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd) return {std::move(fd), std::move(temporary)};
    if (errno != EEXIST) throw_errno("create", temporary);
  }
}

// Opens a directory entry for listing, without leaving the mount that `dir` lies on.
Fd open_subdirectory(int dir, const char* name) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return Fd(sys::openat2(dir, name, how));
}

// Removes a tree with a bounded number of descriptors and of stack frames, however deep it is: what
// lies too deep is moved up to the tree's own root first.
class TreeRemoval {
 public:
  void remove(int dir, const char* name) { remove_entry(dir, name, 0); }

 private:
  static constexpr int kMostLevels = 64;

  void remove_entry(int dir, const char* name, int level);
  void remove_content(Fd directory, const char* name, int level);
  void move_up(int dir, const char* name);

  int root_ = -1;  // the tree's own root while its content is removed
  unsigned moved_ = 0;
};

// False where it is a directory.
bool remove_file(int dir, const char* name) {
  if (::unlinkat(dir, name, 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR) throw_errno("remove", name);
  return false;
}

void TreeRemoval::remove_entry(int dir, const char* name, int level) {
  if (remove_file(dir, name)) return;
  if (level == kMostLevels) return move_up(dir, name);
  unsigned moved_before;
  do {
    moved_before = moved_;
    Fd directory = open_subdirectory(dir, name);
    if (!directory && errno == ENOENT) return;
    check(directory.get(), "remove", name);
    if (level == 0) root_ = directory.get();
    remove_content(std::move(directory), name, level);
  } while (level == 0 && moved_ != moved_before);  // a listing may miss what was moved meanwhile
  if (::unlinkat(dir, name, AT_REMOVEDIR) != 0 && errno != ENOENT) throw_errno("remove", name);
}

void TreeRemoval::remove_content(Fd directory, const char* name, int level) {
  std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(directory.get()), ::closedir);
  if (!listing) throw_errno("list", name);
  const int fd = directory.release();  // closed by closedir
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) {
      if (errno != 0) throw_errno("list", name);
      return;
    }
    const std::string_view child(entry->d_name);
    if (child != "." && child != "..") remove_entry(fd, entry->d_name, level + 1);
  }
}

void TreeRemoval::move_up(int dir, const char* name) {
  while (true) {
    const std::string target = ".removed-" + std::to_string(++moved_);
    if (::renameat2(dir, name, root_, target.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno != EEXIST) throw_errno("move", name);
  }
}

}  // namespace

Fd open_file(const std::string& path, int flags, mode_t mode) {
  return Fd(check(open_at(AT_FDCWD, path, flags, mode).release(), "open", path));
}

Fd open_file_at(const Fd& dir, const std::string& name, int flags, mode_t mode) {
  return Fd(check(open_at(dir.get(), name, flags, mode).release(), "open", name));
}

Fd open_if_exists(const std::string& path, int flags) {
  return existing(open_at(AT_FDCWD, path, flags, 0), path);
}

Fd open_if_exists_at(const Fd& dir, const std::string& name, int flags) {
  return existing(open_at(dir.get(), name, flags, 0), name);
}

Fd open_directory(const std::string& path) {
  return open_file(path, O_PATH | O_DIRECTORY);
}

std::string read_all(const Fd& fd, std::string_view name, size_t limit) {
  std::string content;
  std::array<char, 4096> buffer;  // a page: most of what is read is smaller
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      throw_errno("read", name);
    }
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(got));
    if (content.size() > limit) {
      throw Error(std::string("read ").append(name).append(": longer than ") +
                      std::to_string(limit) + " bytes",
                  EFBIG);
    }
  }
}

std::string read_file(const std::string& path, size_t limit) {
  return read_all(open_file(path, O_RDONLY), path, limit);
}

std::string read_file_at(const Fd& dir, const std::string& name, size_t limit) {
  return read_all(open_file_at(dir, name, O_RDONLY), name, limit);
}

std::optional<std::string> read_if_exists_at(const Fd& dir, const std::string& name, size_t limit) {
  const Fd fd = open_if_exists_at(dir, name, O_RDONLY);
  if (!fd) return std::nullopt;
  return read_all(fd, name, limit);
}

void write_all(const Fd& fd, std::string_view content, std::string_view name) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", name);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
}

void write_file(const std::string& path, std::string_view content) {
  write_once(open_file(path, O_WRONLY), content, path);
}

void write_file_at(const Fd& dir, const std::string& name, std::string_view content) {
  write_once(open_file_at(dir, name, O_WRONLY), content, name);
}

void replace_file_at(const Fd& dir, const std::string& name, std::string_view content, mode_t mode,
                     Sync sync) {
  const auto [fd, temporary] = create_beside(dir, name, mode);
  try {
    write_all(fd, content, name);
    if (sync == Sync::yes) check(::fsync(fd.get()), "fsync", name);
    check(::renameat(dir.get(), temporary.c_str(), dir.get(), name.c_str()), "rename", name);
  } catch (...) {
    ::unlinkat(dir.get(), temporary.c_str(), 0);
    throw;
  }
}

void make_directories(const std::string& wanted, mode_t mode) {
  // "a/b/" names the same directory as "a/b", which is what gets the mode.
  const size_t last = wanted.find_last_not_of('/');
  const std::string path = wanted.substr(0, last == std::string::npos ? 1 : last + 1);
  if (::mkdir(path.c_str(), mode) == 0) return;
  if (errno == ENOENT) {
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) throw_errno("mkdir", path);
    make_directories(path.substr(0, slash), 0755);
    if (::mkdir(path.c_str(), mode) == 0) return;
  }
  if (errno != EEXIST) throw_errno("mkdir", path);
  struct stat status {};
  check(::stat(path.c_str(), &status), "stat", path);
  if (!S_ISDIR(status.st_mode)) throw_errno_value(ENOTDIR, "mkdir", path);
}

std::vector<std::string> list_directory(const Fd& dir, std::string_view name) {
  Fd fd = open_file_at(dir, ".", O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd.get()), ::closedir);
  if (!listing) throw_errno("list", name);
  fd.release();  // closed by closedir
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view child(entry->d_name);
    if (child != "." && child != "..") names.emplace_back(child);
    errno = 0;
  }
  if (errno != 0) throw_errno("list", name);
  std::sort(names.begin(), names.end());
  return names;
}

void remove_tree_at(const Fd& dir, const std::string& name) {
  TreeRemoval().remove(dir.get(), name.c_str());
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr),
                                                        std::free);
  if (!resolved) throw_errno("resolve", path);
  return resolved.get();
}

std::string real_path_in(const std::string& real_directory, const std::string& name) {
  std::string path = (real_directory == "/" ? "" : real_directory) + "/" + name;
  const bool plain = name.find('/') == std::string::npos && name != "." && name != "..";
  char target;
  // EINVAL: it is there, and no symlink.
  if (plain && ::readlink(path.c_str(), &target, 1) < 0 && errno == EINVAL) return path;
  return real_path(path);
}

TempDir::TempDir(std::string_view prefix) {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp");
  path_.append("/").append(prefix).append("-XXXXXX");
  if (::mkdtemp(path_.data()) == nullptr) throw_errno("make a temporary directory", path_);
}

TempDir::~TempDir() {
  try {
    const size_t slash = path_.find_last_of('/');
    remove_tree_at(open_directory(path_.substr(0, slash + 1)), path_.substr(slash + 1));
  } catch (const std::exception&) {
    // What cannot be removed stays: a destructor has nobody to tell.
  }
}

}  // namespace gocker
