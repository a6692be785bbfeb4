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

// Opens a directory entry for listing, without leaving the mount that `dir` lies on.
Fd open_subdirectory(int dir, const char* name) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return Fd(sys::openat2(dir, name, how));
}

void remove_entry(int dir, const char* name);

void remove_content(Fd directory, const char* name) {
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
    if (child != "." && child != "..") remove_entry(fd, entry->d_name);
  }
}

void remove_entry(int dir, const char* name) {
  if (::unlinkat(dir, name, 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw_errno("remove", name);
  Fd directory = open_subdirectory(dir, name);
  if (!directory) {
    if (errno == ENOENT) return;
    throw_errno("remove", name);
  }
  remove_content(std::move(directory), name);
  if (::unlinkat(dir, name, AT_REMOVEDIR) != 0 && errno != ENOENT) throw_errno("remove", name);
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
  std::array<char, 16384> buffer;
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
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      "." + name + "." + std::to_string(::getpid()) + "." + std::to_string(++counter);
  try {
    const Fd fd = open_file_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    write_all(fd, content, name);
    if (sync == Sync::yes) check(::fsync(fd.get()), "fsync", name);
    check(::renameat(dir.get(), temporary.c_str(), dir.get(), name.c_str()), "rename", name);
  } catch (...) {
    ::unlinkat(dir.get(), temporary.c_str(), 0);
    throw;
  }
}

void make_directories(const std::string& path, mode_t mode) {
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
  remove_entry(dir.get(), name.c_str());
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr),
                                                        std::free);
  if (!resolved) throw_errno("resolve", path);
  return resolved.get();
}

TempDir::TempDir(std::string_view prefix) {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp");
  path_.append("/").append(prefix).append("-XXXXXX");
  if (::mkdtemp(path_.data()) == nullptr) throw_errno("make a temporary directory", path_);
}

TempDir::~TempDir() {
  try {
    remove_tree_at(Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)), path_.substr(1));
  } catch (const std::exception&) {
    // What cannot be removed stays: a destructor has nobody to tell.
  }
}

}  // namespace gocker
