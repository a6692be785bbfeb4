#include "imagetool/layer/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <string_view>

#include "imagetool/layer/attributes.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr size_t kChunk = 1 << 20;

// What copy_file_range(2) answers where the two files' systems cannot do it for each other.
bool must_copy_by_hand(int code) {
  return code == EXDEV || code == EINVAL || code == ENOSYS || code == EOPNOTSUPP;
}

void copy_by_hand(const Fd& source, const Fd& target, off_t start, off_t end) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kChunk);
  check(::lseek(target.get(), start, SEEK_SET), "seek");
  while (start < end) {
    const size_t wanted = std::min(kChunk, static_cast<size_t>(end - start));
    const ssize_t got = check(::pread(source.get(), buffer.get(), wanted, start), "read");
    if (got == 0) return;
    write_all(target, {buffer.get(), static_cast<size_t>(got)}, "copy");
    start += got;
  }
}

void copy_range(const Fd& source, const Fd& target, off_t start, off_t end) {
  off_t to = start;
  while (start < end) {
    const ssize_t copied = ::copy_file_range(source.get(), &start, target.get(), &to,
                                             static_cast<size_t>(end - start), 0);
    if (copied > 0) continue;
    if (copied == 0) return;
    if (!must_copy_by_hand(errno)) throw_errno("copy");
    copy_by_hand(source, target, start, end);
    return;
  }
}

void copy_content(const Fd& source, const Fd& target, off_t size) {
  if (size == 0 || ::ioctl(target.get(), FICLONE, source.get()) == 0) return;
  off_t position = 0;
  while (position < size) {
    const off_t data = ::lseek(source.get(), position, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing but a hole up to the end
    check(data, "seek");
    const off_t hole = check(::lseek(source.get(), data, SEEK_HOLE), "seek");
    copy_range(source, target, data, std::min(hole, size));
    position = hole;
  }
  check(::ftruncate(target.get(), size), "truncate");
}

void copy_regular(const Fd& source, const struct stat& status, const Fd& directory,
                  const std::string& name, const Attributes& attributes) {
  const Fd readable = open_file(descriptor_path(source), O_RDONLY);
  const Fd target =
      open_file_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  copy_content(readable, target, status.st_size);
  set_attributes(target, attributes);
}

class TreeCopy {
 public:
  TreeCopy(const Fd& top, const AttributeChange& change) : top_(top), change_(change) {}

  // `path` is where `target` lies below the top: "", or "usr/lib/".
  void copy(const Fd& source, const Fd& target, const std::string& path) {
    for (const std::string& name : list_directory(source, path)) {
      copy_entry(source, target, name, path + name);
    }
    const Doing doing("copy", path);
    set_attributes(target, attributes_for_copy(source, stat_fd(source, path)));
  }

 private:
  Attributes attributes_for_copy(const Fd& entry, const struct stat& status) const {
    Attributes attributes = read_attributes(entry, status);
    if (change_) change_(attributes);
    return attributes;
  }

  void copy_entry(const Fd& source, const Fd& target, const std::string& name,
                  const std::string& path) {
    const Fd entry = open_file_at(source, name, O_PATH | O_NOFOLLOW);
    const struct stat status = stat_fd(entry, path);
    if (S_ISDIR(status.st_mode)) {
      check(::mkdirat(target.get(), name.c_str(), S_IRWXU), "mkdir", path);
      copy(open_file_at(source, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
           open_file_at(target, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path + "/");
      return;
    }
    if (status.st_nlink > 1 && link_to_copy(status, path)) return;
    const Doing doing("copy", path);
    copy_file(entry, status, target, name, attributes_for_copy(entry, status));
  }

  // The first name of a file is copied, the others become links to it.
  bool link_to_copy(const struct stat& status, const std::string& path) {
    const auto [first, is_new] = copies_.try_emplace({status.st_dev, status.st_ino}, path);
    if (is_new) return false;
    check(::linkat(top_.get(), first->second.c_str(), top_.get(), path.c_str(), 0), "link", path);
    return true;
  }

  const Fd& top_;
  const AttributeChange& change_;
  std::map<std::pair<dev_t, ino_t>, std::string> copies_;  // the path of the first name
};

}  // namespace

std::string read_link_target(const Fd& link) {
  std::array<char, 4097> target{};  // PATH_MAX, the longest that there is
  const ssize_t length =
      check(::readlinkat(link.get(), "", target.data(), target.size()), "readlink");
  return {target.data(), static_cast<size_t>(length)};
}

void copy_file(const Fd& source, const struct stat& status, const Fd& directory,
               const std::string& name) {
  copy_file(source, status, directory, name, read_attributes(source, status));
}

void copy_file(const Fd& source, const struct stat& status, const Fd& directory,
               const std::string& name, const Attributes& attributes) {
  if (S_ISREG(status.st_mode)) {
    copy_regular(source, status, directory, name, attributes);
    return;
  }
  if (S_ISLNK(status.st_mode)) {
    check(::symlinkat(read_link_target(source).c_str(), directory.get(), name.c_str()), "symlink",
          name);
    set_attributes_at(directory, name.c_str(), Node::symlink, attributes);
    return;
  }
  check(::mknodat(directory.get(), name.c_str(), (status.st_mode & S_IFMT) | S_IRUSR | S_IWUSR,
                  status.st_rdev),
        "mknod", name);
  set_attributes_at(directory, name.c_str(), Node::special, attributes);
}

void copy_tree(const Fd& source, const Fd& target, const AttributeChange& change) {
  TreeCopy(target, change).copy(source, target, "");
}

}  // namespace gocker
