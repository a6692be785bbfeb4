#include "tests/layers/tree_compare.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker::tests {
namespace {

using FileId = std::pair<dev_t, ino_t>;

const char* type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFCHR:
      return "character device";
    case S_IFBLK:
      return "block device";
    case S_IFIFO:
      return "FIFO";
    default:
      return "socket";
  }
}

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  ::snprintf(text.data(), text.size(), "%04o", mode & 07777);
  return text.data();
}

std::string time_text(const timespec& time) {
  return rfc3339(time.tv_sec, static_cast<uint32_t>(time.tv_nsec));
}

std::map<std::string, std::string> attributes_of(const Fd& node) {
  const std::string path = descriptor_path(node);
  std::string names(size_t{64} << 10, '\0');
  const ssize_t length = check(::listxattr(path.c_str(), names.data(), names.size()), "listxattr");
  std::map<std::string, std::string> found;
  for (const std::string_view name :
       split(std::string_view(names).substr(0, static_cast<size_t>(length)), '\0')) {
    if (name.empty()) continue;
    std::string value(size_t{64} << 10, '\0');
    const std::string key(name);
    const ssize_t size =
        check(::getxattr(path.c_str(), key.c_str(), value.data(), value.size()), "getxattr", key);
    value.resize(static_cast<size_t>(size));
    found[key] = value;
  }
  return found;
}

std::string link_target(const Fd& link) {
  std::array<char, 4097> target{};
  const ssize_t length =
      check(::readlinkat(link.get(), "", target.data(), target.size()), "readlink");
  return {target.data(), static_cast<size_t>(length)};
}

bool same_content(const Fd& left, const Fd& right) {
  const Fd a = open_file(descriptor_path(left), O_RDONLY);
  const Fd b = open_file(descriptor_path(right), O_RDONLY);
  std::string one(size_t{256} << 10, '\0');
  std::string two(one.size(), '\0');
  off_t offset = 0;
  while (true) {
    const ssize_t got = check(::pread(a.get(), one.data(), one.size(), offset), "read");
    const ssize_t other = check(::pread(b.get(), two.data(), two.size(), offset), "read");
    if (got != other || std::memcmp(one.data(), two.data(), static_cast<size_t>(got)) != 0) {
      return false;
    }
    if (got == 0) return true;
    offset += got;
  }
}

class Comparison {
 public:
  std::vector<std::string> run(const Fd& left, const Fd& right) {
    compare_nodes("", left, right);
    compare_links();
    return std::move(differences_);
  }

 private:
  struct Node {
    const Fd& fd;
    struct stat status;
  };

  void differ(const std::string& path, const char* what, const std::string& left,
              const std::string& right) {
    differences_.push_back((path.empty() ? "/" : path) + ": " + what + " " + left + ", " + right);
  }

  template <class Value>
  void expect_same(const std::string& path, const char* what, Value left, Value right) {
    if (left != right) differ(path, what, std::to_string(left), std::to_string(right));
  }

  void compare_nodes(const std::string& path, const Fd& left_fd, const Fd& right_fd) {
    const Node left{left_fd, stat_fd(left_fd, path)};
    const Node right{right_fd, stat_fd(right_fd, path)};
    if ((left.status.st_mode & S_IFMT) != (right.status.st_mode & S_IFMT)) {
      differ(path, "type", type_of(left.status.st_mode), type_of(right.status.st_mode));
      return;
    }
    compare_attributes(path, left, right);
    compare_content(path, left, right);
  }

  void compare_attributes(const std::string& path, const Node& left, const Node& right) {
    const struct stat& a = left.status;
    const struct stat& b = right.status;
    if (octal(a.st_mode) != octal(b.st_mode)) {
      differ(path, "mode", octal(a.st_mode), octal(b.st_mode));
    }
    expect_same(path, "owner", a.st_uid, b.st_uid);
    expect_same(path, "group", a.st_gid, b.st_gid);
    const std::string a_time = time_text(a.st_mtim);
    const std::string b_time = time_text(b.st_mtim);
    if (a_time != b_time) differ(path, "mtime", a_time, b_time);
    compare_extended(path, attributes_of(left.fd), attributes_of(right.fd));
  }

  void compare_extended(const std::string& path, const std::map<std::string, std::string>& left,
                        const std::map<std::string, std::string>& right) {
    for (const auto& [name, value] : left) {
      const auto other = right.find(name);
      if (other == right.end()) {
        differ(path, "attribute", name, "nothing");
      } else if (other->second != value) {
        differ(path, "attribute", name + "=" + value, name + "=" + other->second);
      }
    }
    for (const auto& [name, value] : right) {
      if (!left.contains(name)) differ(path, "attribute", "nothing", name);
    }
  }

  void compare_content(const std::string& path, const Node& left, const Node& right) {
    if (S_ISDIR(left.status.st_mode)) {
      compare_directories(path, left.fd, right.fd);
      return;
    }
    expect_same(path, "links", left.status.st_nlink, right.status.st_nlink);
    left_files_[{left.status.st_dev, left.status.st_ino}].insert(path);
    right_files_[{right.status.st_dev, right.status.st_ino}].insert(path);
    if (S_ISREG(left.status.st_mode)) {
      expect_same(path, "size", left.status.st_size, right.status.st_size);
      if (left.status.st_size == right.status.st_size && !same_content(left.fd, right.fd)) {
        differ(path, "content", "one thing", "another");
      }
    } else if (S_ISLNK(left.status.st_mode)) {
      const std::string a = link_target(left.fd);
      const std::string b = link_target(right.fd);
      if (a != b) differ(path, "target", a, b);
    } else {
      expect_same(path, "device", left.status.st_rdev, right.status.st_rdev);
    }
  }

  void compare_directories(const std::string& path, const Fd& left, const Fd& right) {
    const std::vector<std::string> left_names = names_in(path, left);
    const std::vector<std::string> right_names = names_in(path, right);
    report_missing(path, left_names, right_names, "only in the first tree");
    report_missing(path, right_names, left_names, "only in the second tree");
    for (const std::string& name : left_names) {
      if (!std::binary_search(right_names.begin(), right_names.end(), name)) continue;
      compare_nodes(path + "/" + name, open_file_at(left, name, O_PATH | O_NOFOLLOW),
                    open_file_at(right, name, O_PATH | O_NOFOLLOW));
    }
  }

  static std::vector<std::string> names_in(const std::string& path, const Fd& directory) {
    return list_directory(open_file_at(directory, ".", O_RDONLY | O_DIRECTORY), path);
  }

  void report_missing(const std::string& path, const std::vector<std::string>& names,
                      const std::vector<std::string>& others, const char* where) {
    std::vector<std::string> missing;
    std::set_difference(names.begin(), names.end(), others.begin(), others.end(),
                        std::back_inserter(missing));
    for (const std::string& name : missing) {
      differences_.push_back(path + "/" + name + ": " + where);
    }
  }

  // The names that are one file on the left are one file on the right.
  void compare_links() {
    std::set<std::set<std::string>> right_groups;
    for (const auto& [id, paths] : right_files_) right_groups.insert(paths);
    for (const auto& [id, paths] : left_files_) {
      if (right_groups.contains(paths)) continue;
      differ(*paths.begin(), "one file with", std::to_string(paths.size()) + " names",
             "other names");
    }
  }

  std::vector<std::string> differences_;
  std::map<FileId, std::set<std::string>> left_files_;
  std::map<FileId, std::set<std::string>> right_files_;
};

}  // namespace

std::vector<std::string> compare_trees(const Fd& left, const Fd& right) {
  return Comparison().run(left, right);
}

}  // namespace gocker::tests
