#include "imagetool/layer/changes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "imagetool/layer/attributes.h"
#include "imagetool/layer/copy.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr size_t kChunk = 256 << 10;

// One name in one of the trees; without a descriptor where there is nothing.
struct Object {
  Fd fd;  // O_PATH
  struct stat status {};

  explicit operator bool() const { return static_cast<bool>(fd); }
  bool is_directory() const { return fd && S_ISDIR(status.st_mode); }
  bool is_whiteout() const { return fd && S_ISCHR(status.st_mode) && status.st_rdev == 0; }
};

Object find(const Object& directory, const std::string& name) {
  if (!directory.is_directory()) return {};
  Object object{open_if_exists_at(directory.fd, name, O_PATH | O_NOFOLLOW)};
  if (object) object.status = stat_fd(object.fd, name);
  return object;
}

Object root_of(const Fd& tree) {
  return {tree.duplicate(), stat_fd(tree, "/")};
}

std::vector<std::string> names_in(const Object& directory) {
  if (!directory.is_directory()) return {};
  return list_directory(open_file_at(directory.fd, ".", O_RDONLY | O_DIRECTORY), "directory");
}

// --- files of one name -------------------------------------------------------------------------

bool have_same_owner_and_mode(const struct stat& one, const struct stat& other) {
  return one.st_mode == other.st_mode && one.st_uid == other.st_uid && one.st_gid == other.st_gid;
}

bool have_same_time(const struct stat& one, const struct stat& other) {
  return one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

size_t read_chunk(const Fd& file, char* buffer) {
  size_t filled = 0;
  while (filled < kChunk) {
    const ssize_t got = check(::read(file.get(), buffer + filled, kChunk - filled), "read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

bool have_same_content(const Fd& one, const Fd& other) {
  const Fd first = open_file(descriptor_path(one), O_RDONLY);
  const Fd second = open_file(descriptor_path(other), O_RDONLY);
  const auto buffer = std::make_unique_for_overwrite<char[]>(2 * kChunk);
  while (true) {
    const size_t count = read_chunk(first, buffer.get());
    if (read_chunk(second, buffer.get() + kChunk) != count) return false;
    if (std::memcmp(buffer.get(), buffer.get() + kChunk, count) != 0) return false;
    if (count < kChunk) return true;
  }
}

bool have_same_extended_attributes(const Object& one, const Object& other) {
  const auto sorted = [](const Object& object) {
    std::vector<ExtendedAttribute> list = read_attributes(object.fd, object.status).extended;
    std::ranges::sort(list, {}, &ExtendedAttribute::name);
    return list;
  };
  return std::ranges::equal(sorted(one), sorted(other), [](const auto& left, const auto& right) {
    return left.name == right.name && left.value == right.value;
  });
}

bool are_same(const Object& one, const Object& other, Comparison comparison) {
  const bool by_content = comparison == Comparison::content;
  if (by_content && one.status.st_ino == other.status.st_ino) return true;
  if (!have_same_owner_and_mode(one.status, other.status)) return false;
  if (one.status.st_rdev != other.status.st_rdev) return false;
  if (one.status.st_size != other.status.st_size) return false;
  if (S_ISLNK(one.status.st_mode) && read_link_target(one.fd) != read_link_target(other.fd)) {
    return false;
  }
  if (!by_content) return have_same_time(one.status, other.status);
  if (!have_same_extended_attributes(one, other)) return false;
  return !S_ISREG(one.status.st_mode) || have_same_content(one.fd, other.fd);
}

// --- the walk ----------------------------------------------------------------------------------

class Walk {
 public:
  explicit Walk(const std::set<std::string>& made) : made_(made) {}

  // `after` is the upper directory of an overlay: what it does not have is as before.
  void take_for_upper(OverlayAttributes attributes) {
    opaque_ =
        attributes == OverlayAttributes::user ? "user.overlay.opaque" : "trusted.overlay.opaque";
  }
  void compare_by(Comparison comparison) { comparison_ = comparison; }

  std::vector<Change> changes(const Fd& before, const Fd& after) && {
    compare_content(root_of(before), root_of(after), "");
    return std::move(changes_);
  }

 private:
  bool is_upper() const { return opaque_ != nullptr; }

  // Whether all that is there afterwards is in `after`.
  bool is_complete(const Object& after) const {
    if (!is_upper()) return true;
    char value = 0;
    return ::getxattr(descriptor_path(after.fd).c_str(), opaque_, &value, 1) == 1 && value == 'y';
  }

  void compare_content(const Object& before, const Object& after, const std::string& path) {
    std::set<std::string> names;
    names.merge(as_set(names_in(after)));
    if (before.is_directory() && is_complete(after)) names.merge(as_set(names_in(before)));
    for (const std::string& name : names) {
      compare(find(before, name), find(after, name), std::string(path).append("/").append(name));
    }
  }

  static std::set<std::string> as_set(std::vector<std::string> names) {
    return {std::make_move_iterator(names.begin()), std::make_move_iterator(names.end())};
  }

  void compare(const Object& before, const Object& after, const std::string& path) {
    if (!after || (is_upper() && after.is_whiteout())) {
      if (before) changes_.push_back({ChangeKind::deleted, path});
    } else if (after.is_directory()) {
      compare_directory(before, after, path);
    } else if (!before && is_made(after, path)) {
      return;
    } else if (!before) {
      changes_.push_back({ChangeKind::added, path});
    } else if (is_upper() || !are_same(before, after, comparison_)) {
      changes_.push_back({ChangeKind::changed, path});
    }
  }

  bool is_made(const Object& object, const std::string& path) const {
    if (!made_.contains(path)) return false;
    return object.is_directory() || (S_ISREG(object.status.st_mode) && object.status.st_size == 0);
  }

  void compare_directory(const Object& before, const Object& after, const std::string& path) {
    const size_t place = changes_.size();
    const ChangeKind kind = before ? ChangeKind::changed : ChangeKind::added;
    changes_.push_back({kind, path});
    compare_content(before, after, path);
    if (changes_.size() > place + 1) return;
    const bool is_same =
        before.is_directory() && have_same_owner_and_mode(before.status, after.status);
    if (is_same || (!before && is_made(after, path))) changes_.pop_back();
  }

  const std::set<std::string>& made_;
  const char* opaque_ = nullptr;  // the attribute's name; none where `after` is complete
  Comparison comparison_ = Comparison::attributes;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> upper_changes(const Fd& upper, OverlayAttributes attributes, const Fd& lower,
                                  const std::set<std::string>& made) {
  Walk walk(made);
  walk.take_for_upper(attributes);
  return std::move(walk).changes(lower, upper);
}

std::vector<Change> tree_changes(const Fd& before, const Fd& after, Comparison comparison,
                                 const std::set<std::string>& made) {
  Walk walk(made);
  walk.compare_by(comparison);
  return std::move(walk).changes(before, after);
}

}  // namespace gocker
