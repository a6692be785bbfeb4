#include "runtime/linux/copy_up.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

using Directory = std::unique_ptr<DIR, decltype([](DIR* directory) { ::closedir(directory); })>;

Directory read_directory(const Fd& fd) {
  // A descriptor of its own: the caller's may be O_PATH, and its position is the caller's.
  Fd own = open_file_at(fd, ".", O_RDONLY | O_DIRECTORY);
  Directory directory(::fdopendir(own.get()));
  if (!directory) throw_errno("fdopendir");
  own.release();
  return directory;
}

void copy_content(const Fd& from, const Fd& to) {
  constexpr size_t kChunk = 1 << 24;
  while (true) {
    const ssize_t copied = check(::sendfile(to.get(), from.get(), nullptr, kChunk), "sendfile");
    if (copied == 0) return;
  }
}

void copy_regular_file(const Fd& from, const Fd& to, const std::string& name) {
  // Without blocking: it may have become a FIFO since it was looked at.
  const Fd source = open_file_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status {};
  check(::fstat(source.get(), &status), "stat");
  if (!S_ISREG(status.st_mode)) throw Error("is no regular file any more", EAGAIN);
  Fd target = open_file_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  copy_content(source, target);
  // At once, not in a batch: what is open for writing keeps its mount from becoming read-only.
  check(::close(target.release()), "close");
}

void copy_symlink(const Fd& from, const Fd& to, const std::string& name) {
  std::array<char, PATH_MAX> text;
  const ssize_t length =
      check(::readlinkat(from.get(), name.c_str(), text.data(), text.size() - 1), "readlink");
  text[static_cast<size_t>(length)] = '\0';
  check(::symlinkat(text.data(), to.get(), name.c_str()), "symlink");
}

void copy_metadata(const struct stat& status, const Fd& to, const std::string& name) {
  check(::fchownat(to.get(), name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW),
        "chown");
  if (!S_ISLNK(status.st_mode)) {
    // After chown, which clears the set-user-ID bit.
    check(::fchmodat(to.get(), name.c_str(), status.st_mode & 07777, 0), "chmod");
  }
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  check(::utimensat(to.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "utimensat");
}

void copy_entry(const Fd& from, const Fd& to, const std::string& name) {
  struct stat status {};
  check(::fstatat(from.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat");
  if (S_ISDIR(status.st_mode)) {
    check(::mkdirat(to.get(), name.c_str(), 0700), "mkdir");
    copy_up(open_file_at(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW),
            open_file_at(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  } else if (S_ISREG(status.st_mode)) {
    copy_regular_file(from, to, name);
  } else if (S_ISLNK(status.st_mode)) {
    copy_symlink(from, to, name);
  } else {
    check(::mknodat(to.get(), name.c_str(), status.st_mode, status.st_rdev), "mknod");
  }
  copy_metadata(status, to, name);
}

}  // namespace

void copy_up(const Fd& from, const Fd& to) {
  const Directory directory = read_directory(from);
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) throw_errno("readdir");
    if (entry == nullptr) return;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const Doing doing("copy up", name);
    copy_entry(from, to, name);
  }
}

}  // namespace gocker
