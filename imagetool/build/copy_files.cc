#include "imagetool/build/copy_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>

#include "imagetool/digest.h"
#include "imagetool/layer/attributes.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/copy.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr mode_t kDirectory = 0755;

// Where one source goes.
struct Placement {
  std::string directory;  // absolute; made where it is missing
  std::string name;       // in it, for a source that is no directory
};

std::string base_name(const std::string& path) {
  return std::string(split_path(path).name);
}

Placement place(const SourceTree& tree, const std::string& source, const CopyRequest& request,
                const RootDir& root) {
  const std::string& destination = request.destination;
  if (tree.is_directory(source)) return {destination, {}};
  const Fd present = root.open_if_exists(destination, O_PATH);
  const bool into_directory = destination.ends_with('/') || request.sources.size() > 1 ||
                              (present && S_ISDIR(stat_fd(present, destination).st_mode));
  if (into_directory) return {destination, base_name(source)};
  const SplitPath parts = split_path(destination);
  return {"/" + std::string(parts.parent), std::string(parts.name)};
}

// Extended attributes that a copy keeps: what a program or a person set, and capabilities. Labels
// and the like belong to the machine, trusted.* to root on it.
bool is_copied(const ExtendedAttribute& attribute) {
  return attribute.name.starts_with("user.") || attribute.name == "security.capability" ||
         attribute.name.starts_with("system.posix_acl_");
}

Attributes attributes_of(const SourceEntry& entry, const CopyRequest& request) {
  Attributes attributes = read_attributes(entry.fd, entry.status);
  std::erase_if(attributes.extended, [](const auto& each) { return !is_copied(each); });
  if (request.owner) {
    attributes.uid = request.owner->uid;
    attributes.gid = request.owner->gid;
  }
  if (request.mode) attributes.mode = *request.mode;
  return attributes;
}

class Copy {
 public:
  Copy(const CopyRequest& request, const RootDir& root, std::vector<std::string>& notes)
      : request_(request), root_(root), notes_(notes) {}

  void copy(const SourceTree& tree, const std::string& source) {
    const Doing doing("copy", source);
    const Placement target = place(tree, source, request_, root_);
    open_parent(target.directory);
    tree.walk(source, [&](const SourceEntry& entry) {
      if (entry.path.empty() && target.name.empty()) return;  // the directory itself
      copy_entry(entry, target);
    });
    settle_directories();
  }

 private:
  void copy_entry(const SourceEntry& entry, const Placement& target) {
    const Doing doing("copy", entry.path);
    const std::string path =
        target.directory + "/" + (entry.path.empty() ? target.name : entry.path);
    const std::string name = base_name(path);
    if (S_ISSOCK(entry.status.st_mode)) {
      notes_.push_back(entry.path + ": a socket, left out: only a program can make it");
      return;
    }
    refuse_whiteouts(entry, name);
    const Fd& directory = open_parent(path.substr(0, path.size() - name.size()));
    if (S_ISDIR(entry.status.st_mode)) {
      make_directory(entry, directory, name, path);
    } else {
      make_file(entry, directory, name, path);
    }
  }

  // Entries come directory by directory, so the last one serves for most.
  const Fd& open_parent(const std::string& path) {
    if (path != parent_path_) {
      parent_ = make_owned_directories(root_, path, request_.owner.value_or(Owner()));
      parent_path_ = path;
    }
    return parent_;
  }

  static void refuse_whiteouts(const SourceEntry& entry, const std::string& name) {
    if (name.starts_with(".wh.")) {
      throw Error("a name that begins with .wh. would be a whiteout in the layer");
    }
    if (S_ISCHR(entry.status.st_mode) && entry.status.st_rdev == 0) {
      throw Error("a character device 0:0 would be a whiteout in the layer");
    }
  }

  void make_directory(const SourceEntry& entry, const Fd& directory, const std::string& name,
                      const std::string& path) {
    if (::mkdirat(directory.get(), name.c_str(), S_IRWXU) == 0) {
      directories_.emplace_back(path, attributes_of(entry, request_));
      return;
    }
    if (errno != EEXIST) throw_errno("mkdir");
    const Fd present = root_.open_if_exists(path, O_PATH);
    if (!present || !S_ISDIR(stat_fd(present, path).st_mode)) {
      throw Error("a directory cannot take the place of " + path + ", which is none", ENOTDIR);
    }
  }

  void make_file(const SourceEntry& entry, const Fd& directory, const std::string& name,
                 const std::string& path) {
    struct stat present {};
    if (::fstatat(directory.get(), name.c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0) {
      if (S_ISDIR(present.st_mode)) {
        throw Error("a file cannot take the place of the directory " + path, EISDIR);
      }
      check(::unlinkat(directory.get(), name.c_str(), 0), "remove", path);
    }
    if (entry.status.st_nlink > 1 && link_to_copy(entry, directory, name, path)) return;
    copy_file(entry.fd, entry.status, directory, name, attributes_of(entry, request_));
  }

  // Files that have several names in the source have them in the copy.
  bool link_to_copy(const SourceEntry& entry, const Fd& directory, const std::string& name,
                    const std::string& path) {
    const auto [first, is_new] =
        copies_.try_emplace({entry.status.st_dev, entry.status.st_ino}, path);
    if (is_new) return false;
    const SplitPath parts = split_path(first->second);
    const Fd from = root_.open_if_exists("/" + std::string(parts.parent), O_PATH | O_DIRECTORY);
    return from && ::linkat(from.get(), std::string(parts.name).c_str(), directory.get(),
                            name.c_str(), 0) == 0;
  }

  // Last, as every change in a directory sets its time, and a mode may forbid changes.
  void settle_directories() {
    for (auto next = directories_.rbegin(); next != directories_.rend(); ++next) {
      const auto& [path, attributes] = *next;
      set_attributes(root_.open(path, O_RDONLY | O_DIRECTORY), attributes);
    }
    directories_.clear();
  }

  const CopyRequest& request_;
  const RootDir& root_;
  std::vector<std::string>& notes_;
  std::string parent_path_;
  Fd parent_;
  std::vector<std::pair<std::string, Attributes>> directories_;  // that were made
  std::map<std::pair<dev_t, ino_t>, std::string> copies_;        // the first name's path
};

// --- digest ------------------------------------------------------------------------------------

// Texts with their lengths, so that no two lists of them give the same bytes.
void add_text(Sha256& hash, std::string_view text) {
  hash.update(std::to_string(text.size()) + ":");
  hash.update(text);
}

std::string digest_of_content(const SourceEntry& entry) {
  constexpr size_t kChunk = 256 << 10;
  const Fd file = open_file(descriptor_path(entry.fd), O_RDONLY);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kChunk);
  Sha256 hash;
  while (const ssize_t got = check(::read(file.get(), buffer.get(), kChunk), "read", entry.path)) {
    hash.update({buffer.get(), static_cast<size_t>(got)});
  }
  return hash.finish();
}

void add_entry(Sha256& hash, const SourceEntry& entry, const CopyRequest& request) {
  const Attributes attributes = attributes_of(entry, request);
  add_text(hash, entry.path);
  add_text(hash, std::to_string(entry.status.st_mode & S_IFMT) + " " +
                     std::to_string(attributes.mode) + " " + std::to_string(attributes.uid) + " " +
                     std::to_string(attributes.gid));
  for (const ExtendedAttribute& each : attributes.extended) {
    add_text(hash, each.name);
    add_text(hash, each.value);
  }
  if (S_ISREG(entry.status.st_mode)) add_text(hash, digest_of_content(entry));
  if (S_ISLNK(entry.status.st_mode)) add_text(hash, read_link_target(entry.fd));
  if (S_ISCHR(entry.status.st_mode) || S_ISBLK(entry.status.st_mode)) {
    add_text(hash, std::to_string(entry.status.st_rdev));
  }
}

}  // namespace

void copy_files(const SourceTree& tree, const CopyRequest& request, const RootDir& root,
                std::vector<std::string>& notes) {
  Copy copy(request, root, notes);
  for (const std::string& source : request.sources) copy.copy(tree, source);
}

std::string digest_of_sources(const SourceTree& tree, const CopyRequest& request) {
  Sha256 hash;
  for (const std::string& source : request.sources) {
    const Doing doing("read", source);
    add_text(hash, base_name(source));
    tree.walk(source, [&](const SourceEntry& entry) { add_entry(hash, entry, request); });
  }
  return hash.finish();
}

Fd make_owned_directories(const RootDir& root, const std::string& path, Owner owner) {
  const std::string clean = clean_relative(path);
  if (clean.empty()) return root.open(".", O_PATH | O_DIRECTORY);
  const Doing doing("make the directory", path);
  for (size_t slash = 0; slash != std::string::npos;) {
    slash = clean.find('/', slash + 1);
    const std::string part = clean.substr(0, slash);
    if (root.open_if_exists(part, O_PATH)) continue;
    const SplitPath parts = split_path(part);
    const Fd above = root.open(parts.parent.empty() ? "." : parts.parent, O_PATH | O_DIRECTORY);
    const std::string name(parts.name);
    if (::mkdirat(above.get(), name.c_str(), kDirectory) != 0) {
      if (errno != EEXIST) throw_errno("mkdir", part);
      root.make_directories(part, kDirectory);  // it is a symlink to what is not there yet
      continue;
    }
    check(::fchmodat(above.get(), name.c_str(), kDirectory, 0), "chmod", part);
    check(::fchownat(above.get(), name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW), "chown",
          part);
  }
  return root.open(clean, O_PATH | O_DIRECTORY);
}

}  // namespace gocker
