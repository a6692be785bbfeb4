#include "imagetool/layer/layer_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/copy.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr int kMaxLinks = 40;       // as the kernel has it
constexpr size_t kMaxDepth = 512;   // removing a tree takes a descriptor a level
constexpr size_t kCacheSize = 128;  // each holds a descriptor
constexpr mode_t kPrivate = S_IRWXU;

// The target of the symlink `name` of `directory` (of the symlink that `directory` is where `name`
// is empty); empty where there is something else.
std::string read_link(const Fd& directory, const char* name) {
  std::array<char, 4097> target{};
  const ssize_t length = ::readlinkat(directory.get(), name, target.data(), target.size());
  if (length < 0 && (errno == EINVAL || errno == ENOENT)) return {};
  check(length, "readlink", name);
  return {target.data(), static_cast<size_t>(length)};
}

// One component of a path and what follows it.
std::pair<std::string_view, std::string_view> split_first(std::string_view path) {
  const size_t start = std::min(path.find_first_not_of('/'), path.size());
  const size_t end = std::min(path.find('/', start), path.size());
  return {path.substr(start, end - start), path.substr(end)};
}

void check_depth(std::string_view path) {
  if (static_cast<size_t>(std::count(path.begin(), path.end(), '/')) > kMaxDepth) {
    throw Error("nested deeper than " + std::to_string(kMaxDepth) + " directories");
  }
}

std::string name_of(std::string_view path) {
  return std::string(split_path(path).name);
}

[[noreturn]] void not_a_directory(const std::string& path) {
  throw Error(path + " is no directory", ENOTDIR);
}

}  // namespace

LayerTree::LayerTree(const Fd& root, LowerView& lower, OverlayAttributes overlay_attributes)
    : root_(root.duplicate()),
      lower_(lower),
      opaque_mark_(overlay_attributes == OverlayAttributes::user ? "user.overlay.opaque"
                                                                 : "trusted.overlay.opaque") {
  top_ = std::make_shared<Directory>(Directory{root.duplicate(), ""});
  // Neither a group nor a set-group-id bit of the store's folders is to reach what is made here.
  check(::fchown(root.get(), 0, 0), "chown");
  check(::fchmod(root.get(), kPrivate), "chmod");
  directories_[""] = {{}, Origin::implied};
}

LayerTree::DirectoryPtr LayerTree::make_parents(std::string_view path) {
  return open(path, Missing::make);
}

LayerTree::DirectoryPtr LayerTree::find(std::string_view path) {
  return open(path, Missing::report);
}

// From the nearest directory on the way that is open already.
LayerTree::DirectoryPtr LayerTree::open(std::string_view path, Missing missing) {
  std::string known(path);
  DirectoryPtr at;
  while (!known.empty()) {
    const auto found = cache_.find(known);
    if (found != cache_.end()) {
      at = found->second;
      break;
    }
    const size_t slash = known.find_last_of('/');
    known.resize(slash == std::string::npos ? 0 : slash);
  }
  if (at && known.size() == path.size()) return at;
  Walk steps{missing};
  at = walk(at ? at : top_, path.substr(known.size()), steps);
  if (!at) return nullptr;
  if (cache_.size() >= kCacheSize) cache_.clear();
  cache_.emplace(path, at);
  return at;
}

LayerTree::DirectoryPtr LayerTree::walk(DirectoryPtr at, std::string_view path, Walk& walk) {
  while (at) {
    const auto [component, rest] = split_first(path);
    if (component.empty()) break;
    path = rest;
    if (component == ".") continue;
    at = component == ".." ? open_own(parent_of(at->path)) : step(at, std::string(component), walk);
  }
  return at;
}

LayerTree::DirectoryPtr LayerTree::step(const DirectoryPtr& at, const std::string& name,
                                        Walk& walk) {
  Fd own(::openat(at->fd.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  std::string path = at->path + "/" + name;
  if (own) return std::make_shared<Directory>(Directory{std::move(own), std::move(path)});
  if (errno == ENOENT) return step_below(at, name, walk);
  if (errno != ENOTDIR) throw_errno("open", path);
  const std::string target = read_link(at->fd, name.c_str());
  if (target.empty()) not_a_directory(path);
  return follow(at, target, walk);
}

LayerTree::DirectoryPtr LayerTree::follow(const DirectoryPtr& at, const std::string& target,
                                          Walk& steps) {
  if (++steps.links > kMaxLinks) throw_errno_value(ELOOP, "open", target);
  return walk(target.starts_with('/') ? top_ : at, target, steps);
}

// A component that this layer does not have yet.
LayerTree::DirectoryPtr LayerTree::step_below(const DirectoryPtr& at, const std::string& name,
                                              Walk& walk) {
  const std::string path = at->path + "/" + name;
  const Fd below = hidden_.hides(path) ? Fd() : lower_.find(path);
  if (!below) return walk.missing == Missing::report ? nullptr : imply(at, name, {});
  const struct stat status = stat_fd(below, path);
  if (S_ISDIR(status.st_mode)) return imply(at, name, read_attributes(below, status));
  if (!S_ISLNK(status.st_mode)) not_a_directory(path);
  lower_links_.insert(path);
  return follow(at, read_link(below, ""), walk);
}

LayerTree::DirectoryPtr LayerTree::imply(const DirectoryPtr& at, const std::string& name,
                                         Attributes attributes) {
  std::string path = at->path + "/" + name;
  check_depth(path);
  check(::mkdirat(at->fd.get(), name.c_str(), kPrivate), "mkdir", path);
  directories_[path] = {std::move(attributes), Origin::implied};
  return std::make_shared<Directory>(
      Directory{open_file_at(at->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW), std::move(path)});
}

// A path whose components all are directories of this layer.
LayerTree::DirectoryPtr LayerTree::open_own(std::string_view path) {
  if (path.empty()) return top_;
  Fd fd = root_.open(path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
  return std::make_shared<Directory>(Directory{std::move(fd), std::string(path)});
}

void LayerTree::make_directory(const DirectoryPtr& parent, const std::string& name,
                               Attributes attributes) {
  const std::string path = parent->path + "/" + name;
  check_depth(path);
  forget_lower_link(parent, name);
  if (::mkdirat(parent->fd.get(), name.c_str(), kPrivate) != 0) {
    if (errno != EEXIST) throw_errno("mkdir");
    struct stat present {};
    check(::fstatat(parent->fd.get(), name.c_str(), &present, AT_SYMLINK_NOFOLLOW), "stat");
    if (!S_ISDIR(present.st_mode)) {
      remove(parent, name);
      check(::mkdirat(parent->fd.get(), name.c_str(), kPrivate), "mkdir");
      // What was there had taken the place of a lower directory: its content stays gone.
      if (!lower_.empty()) hidden_.hide_content(path);
    }
  }
  directories_[path] = {std::move(attributes), Origin::entry};
}

void LayerTree::set_directory_attributes(const DirectoryPtr& directory, Attributes attributes) {
  directories_[directory->path] = {std::move(attributes), Origin::entry};
}

int LayerTree::make_entry(const DirectoryPtr& parent, const std::string& name,
                          const std::function<int(int directory, const char* name)>& make) {
  forget_lower_link(parent, name);
  const int result = make(parent->fd.get(), name.c_str());
  if (result >= 0 || errno != EEXIST) return result;
  remove(parent, name);
  return make(parent->fd.get(), name.c_str());
}

void LayerTree::make_link(const DirectoryPtr& parent, const std::string& name,
                          std::string_view target) {
  const SplitPath parts = split_path(target);
  const std::string source(parts.name);
  const DirectoryPtr from = open(parts.parent, Missing::report);
  if (!from || source.empty() || source == "." || source == "..") {
    throw Error("the hard link's target " + std::string(target) + " is not in the image", ENOENT);
  }
  struct stat status {};
  if (::fstatat(from->fd.get(), source.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) throw_errno("stat", target);
    const std::string path = from->path + "/" + source;
    const Fd below = hidden_.hides(path) ? Fd() : lower_.find(path);
    if (!below) {
      throw Error("the hard link's target " + std::string(target) + " is not in the image", ENOENT);
    }
    status = stat_fd(below, path);
    if (!S_ISDIR(status.st_mode)) copy_up(path, below, status);
  }
  if (S_ISDIR(status.st_mode)) {
    throw Error("the hard link's target " + std::string(target) + " is a directory", EISDIR);
  }
  if (from->path == parent->path && source == name) return;  // to itself
  const int result = make_entry(parent, name, [&](int directory, const char* entry) {
    return ::linkat(from->fd.get(), source.c_str(), directory, entry, 0);
  });
  check(result, "link");
}

void LayerTree::hide(const DirectoryPtr& parent, const std::string& name) {
  if (lower_.empty()) return;
  forget_lower_link(parent, name);
  hidden_.hide(parent->path + "/" + name);
}

void LayerTree::hide_content(const DirectoryPtr& directory) {
  if (lower_.empty()) return;
  cache_.clear();
  hidden_.hide_content(directory->path);
}

// Where a lower layer's symlink led so far, an entry or a whiteout stands now.
void LayerTree::forget_lower_link(const DirectoryPtr& parent, const std::string& name) {
  if (!lower_links_.empty() && lower_links_.erase(parent->path + "/" + name) != 0) cache_.clear();
}

// Removes an entry of this layer. Paths that led through it lead elsewhere from now on.
void LayerTree::remove(const DirectoryPtr& parent, const std::string& name) {
  const std::string path = parent->path + "/" + name;
  remove_tree_at(parent->fd, name);
  cache_.clear();
  copies_.erase(path);
  directories_.erase(path);
  const std::string below = path + "/";
  for (auto next = directories_.lower_bound(below);
       next != directories_.end() && next->first.starts_with(below);) {
    next = directories_.erase(next);
  }
  for (auto next = copies_.lower_bound(below); next != copies_.end() && next->starts_with(below);) {
    next = copies_.erase(next);
  }
}

// Copies a file of a lower layer into this one, with all its names: otherwise the joined tree
// would show two files where there was one.
void LayerTree::copy_up(const std::string& path, const Fd& source, const struct stat& status) {
  const SplitPath parts = split_path(path);
  const DirectoryPtr parent = open(parts.parent, Missing::make);
  const std::string name(parts.name);
  copy_file(source, status, parent->fd, name);
  copies_.insert(path);
  if (status.st_nlink == 1) return;
  for (const std::string& other : lower_.names_of(status)) {
    if (other != path && !hidden_.hides(other)) link_copy(parent, name, other);
  }
}

// Gives the copy its lower name `path` too, unless this layer has put something else there.
void LayerTree::link_copy(const DirectoryPtr& parent, const std::string& name,
                          const std::string& path) {
  const SplitPath parts = split_path(path);
  DirectoryPtr directory;
  try {
    directory = open(parts.parent, Missing::report);
  } catch (const Error& error) {
    if (error.code() != ENOTDIR) throw;
  }
  if (!directory || directory->path != parts.parent) return;
  const std::string other(parts.name);
  if (::linkat(parent->fd.get(), name.c_str(), directory->fd.get(), other.c_str(), 0) == 0) {
    copies_.insert(path);
  } else if (errno != EEXIST) {
    throw_errno("link", path);
  }
}

void LayerTree::settle() {
  close_directories();
  imply_root();
  take_hidden_back();
  // overlay joins the roots of layers whatever mark they have.
  if (hidden_.hides_content_of("")) hidden_.spell_out_root(lower_.names_in_root());
  const std::set<std::string, std::less<>> whiteouts = hidden_.whiteouts();
  for (const std::string& path : whiteouts) mark_hidden(path);
  for (const std::string& path : hidden_.opaque()) mark_opaque(path);
  set_pending_attributes();
}

// The root without an entry of its own looks as it does below. That is looked up last: the layers
// below may not be complete before.
void LayerTree::imply_root() {
  PendingDirectory& root = directories_[""];
  if (root.origin != Origin::implied) return;
  if (const Fd below = lower_.find(".")) {
    root.attributes = read_attributes(below, stat_fd(below, "/"));
  }
}

// Whiteouts count as if they came first: what came from below by then and is hidden goes again.
// That is copies of lower files (a rename often comes as a hard link to the old name and a
// whiteout of it), directories that only they had implied, and the attributes of those that stay.
void LayerTree::take_hidden_back() {
  for (auto copy = copies_.begin(); copy != copies_.end();) {
    if (!hidden_.hides(*copy)) {
      ++copy;
      continue;
    }
    const DirectoryPtr parent = open_own(parent_of(*copy));
    check(::unlinkat(parent->fd.get(), name_of(*copy).c_str(), 0), "remove", *copy);
    copy = copies_.erase(copy);
  }
  for (auto next = directories_.end(); next != directories_.begin();) {  // the innermost first
    --next;
    if (next->second.origin != Origin::implied || !hidden_.hides(next->first)) continue;
    const DirectoryPtr parent = open_own(parent_of(next->first));
    if (::unlinkat(parent->fd.get(), name_of(next->first).c_str(), AT_REMOVEDIR) == 0) {
      next = directories_.erase(next);
    } else {
      next->second.attributes = {};
    }
  }
}

// A whiteout goes where this layer has nothing and a lower one has something. It must not stand
// where it hides nothing: overlay lists such a whiteout as a file that cannot be opened.
void LayerTree::mark_hidden(const std::string& path) {
  const Fd parent = open_canonical(root_, parent_of(path), O_PATH | O_DIRECTORY);
  if (!parent) return;
  const std::string name = name_of(path);
  struct stat own {};
  if (::fstatat(parent.get(), name.c_str(), &own, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISDIR(own.st_mode)) hidden_.hide_content(path);
    return;
  }
  if (hidden_.hides_content_of(parent_of(path)) || !lower_.find(path)) return;
  check(::mknodat(parent.get(), name.c_str(), S_IFCHR, 0), "mark as removed", path);
}

void LayerTree::mark_opaque(const std::string& path) {
  const Fd directory = open_canonical(root_, path, O_RDONLY | O_DIRECTORY);
  if (!directory) return;
  check(::fsetxattr(directory.get(), opaque_mark_, "y", 1, 0), "mark as opaque", path);
}

// Last, as every change in a directory sets its time, and a mode may forbid changes.
void LayerTree::set_pending_attributes() {
  constexpr Present kAsMade{true, kPrivate};
  for (const auto& [path, pending] : directories_) {
    const Doing doing("set the attributes of", path);
    const Fd directory = open_canonical(root_, path, O_RDONLY | O_DIRECTORY);
    set_attributes(directory, pending.attributes, kAsMade);
  }
}

}  // namespace gocker
