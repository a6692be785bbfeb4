#include "imagetool/layer/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "imagetool/layer/attributes.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/tar_reader.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"

namespace gocker {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kWhiteoutMetadata = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr size_t kMaxPath = 4096;
constexpr mode_t kPermissions = 0777;

// What the process takes away from the modes of new files: the chmod for all others is saved.
mode_t read_umask() {
  const std::string status = read_file("/proc/self/status");
  for (const std::string_view line : split(status, '\n')) {
    if (!line.starts_with("Umask:")) continue;
    return parse_octal(trim(line.substr(line.find(':') + 1))).value_or(kPermissions);
  }
  return kPermissions;
}

bool is_dots(std::string_view name) {
  return name.empty() || name == "." || name == "..";
}

// The beginning of a name that would fill the screen.
std::string shortened(std::string_view name) {
  constexpr size_t kShown = 200;
  return name.size() <= kShown ? std::string(name) : std::string(name.substr(0, kShown)) + "...";
}

// One line, whatever bytes a name has.
std::string printable(std::string_view name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return json_quote(name);
  }
  return std::string(name);
}

class Application {
 public:
  Application(LayerStream& stream, LayerTree& tree, const ArchiveTarget* target, Notes& notes)
      : reader_(stream), tree_(tree), target_(target), notes_(notes), umask_(read_umask()) {}

  void run(uint64_t max_entries) {
    uint64_t entries = 0;
    while (next_entry()) {
      if (++entries > max_entries) {
        throw Error("the layer has more than " + std::to_string(max_entries) + " entries");
      }
      shown_ = printable(shortened(entry_->path));
      const Doing doing("entry", shown_);
      apply_entry();
    }
    tree_.close_directories();
  }

 private:
  // An archive that breaks off tells more with the name of what came before.
  bool next_entry() {
    const Doing doing(shown_.empty() ? "read the first entry" : "read the entry after", shown_);
    entry_ = reader_.next();
    return entry_ != nullptr;
  }

  void apply_entry() {
    if (entry_->path.size() > kMaxPath) throw Error("the name is too long", ENAMETOOLONG);
    std::string_view path = entry_->path;
    if (target_ != nullptr) {
      moved_ = in_target(path);
      path = moved_;
    }
    while (path.ends_with('/')) path.remove_suffix(1);
    const SplitPath parts = split_path(path);
    if (target_ != nullptr) refuse_whiteouts(path);
    if (parts.name.starts_with(kWhiteout) || has_whiteout_component(parts.parent)) {
      apply_whiteout(parts);
    } else if (entry_->type == EntryType::socket) {
      note("a socket, left out: only a program can make it");
    } else if (is_dots(parts.name)) {
      apply_dots(path);
    } else {
      make(tree_.make_parents(parts.parent), std::string(parts.name));
    }
  }

  // The path below the archive's target: nothing leads out of that.
  std::string in_target(std::string_view path) const {
    return target_->directory + "/" + clean_relative(path);
  }

  static void refuse_whiteouts(std::string_view path) {
    if (!has_whiteout_component(path)) return;
    throw Error("a name that begins with .wh. would be a whiteout in the layer");
  }

  static bool has_whiteout_component(std::string_view path) {
    return path.starts_with(kWhiteout) || path.find("/.wh.") != std::string_view::npos;
  }

  void apply_whiteout(const SplitPath& parts) {
    const bool is_metadata = parts.name.starts_with(kWhiteoutMetadata) && parts.name != kOpaque;
    if (is_metadata || parts.parent.find(kWhiteoutMetadata) != std::string_view::npos) {
      note("what aufs kept for itself, left out");
      return;
    }
    if (has_whiteout_component(parts.parent)) throw Error("lies in a whiteout");
    const std::string hidden(parts.name.substr(kWhiteout.size()));
    if (is_dots(hidden)) throw Error("a whiteout of nothing, \".\" or \"..\"");
    const LayerTree::DirectoryPtr parent = tree_.find(parts.parent);
    if (!parent) return;  // no layer has the directory
    if (parts.name == kOpaque) {
      tree_.hide_content(parent);
    } else {
      tree_.hide(parent, hidden);
    }
  }

  // "./", "/", "a/..": a directory that is there anyway.
  void apply_dots(std::string_view path) {
    if (entry_->type != EntryType::directory) throw Error("has no name of its own");
    tree_.set_directory_attributes(tree_.make_parents(path), attributes());
  }

  void make(const LayerTree::DirectoryPtr& parent, const std::string& name) {
    switch (entry_->type) {
      case EntryType::file:
        return make_file(parent, name);
      case EntryType::directory:
        return tree_.make_directory(parent, name, attributes());
      case EntryType::symlink:
        return make_symlink(parent, name);
      case EntryType::hardlink:
        return tree_.make_link(parent, name,
                               target_ == nullptr ? entry_->target : in_target(entry_->target));
      default:
        return make_node(parent, name);
    }
  }

  void make_file(const LayerTree::DirectoryPtr& parent, const std::string& name) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const mode_t mode = entry_->mode & kPermissions;
    const Fd file(check(tree_.make_entry(parent, name,
                                         [mode](int directory, const char* entry) {
                                           return ::openat(directory, entry, kFlags, mode);
                                         }),
                        "create"));
    write_content(file);
    set_attributes(file, attributes(), {true, mode & ~umask_});
  }

  // Holes are what the archive does not mention.
  void write_content(const Fd& file) {
    uint64_t end = 0;
    TarData piece;
    while (reader_.read(piece)) {
      if (piece.offset != end) {
        check(::lseek(file.get(), static_cast<off_t>(piece.offset), SEEK_SET), "seek");
      }
      write_all(file, piece.bytes, "content");
      end = piece.offset + piece.bytes.size();
    }
    if (end < entry_->size) {
      check(::ftruncate(file.get(), static_cast<off_t>(entry_->size)), "truncate");
    }
  }

  void make_symlink(const LayerTree::DirectoryPtr& parent, const std::string& name) {
    const char* target = entry_->target;
    check(tree_.make_entry(parent, name,
                           [target](int directory, const char* entry) {
                             return ::symlinkat(target, directory, entry);
                           }),
          "symlink", target);
    set_attributes_at(parent->fd, name.c_str(), Node::symlink, attributes());
  }

  void make_node(const LayerTree::DirectoryPtr& parent, const std::string& name) {
    const mode_t type = entry_->type == EntryType::character ? S_IFCHR
                        : entry_->type == EntryType::block   ? S_IFBLK
                                                             : S_IFIFO;
    if (type == S_IFCHR && entry_->device == 0) {
      throw Error("a character device 0:0 would hide a file of the layers below: refused");
    }
    const dev_t device = type == S_IFIFO ? 0 : entry_->device;
    const int made =
        tree_.make_entry(parent, name, [type, device](int directory, const char* entry) {
          return ::mknodat(directory, entry, type | S_IRUSR | S_IWUSR, device);
        });
    if (made < 0 && errno == EPERM && type != S_IFIFO && !is_host_root()) {
      tree_.hide(parent, name);  // what the layers below have there is not in the image, either
      return note("a device node, left out: only root of the host can make it");
    }
    check(made, "mknod");
    set_attributes_at(parent->fd, name.c_str(), Node::special, attributes());
  }

  Attributes attributes() {
    Attributes found{entry_->uid, entry_->gid, entry_->mode, entry_->mtime, {}};
    if (target_ != nullptr) {
      found.uid = target_->uid.value_or(found.uid);
      found.gid = target_->gid.value_or(found.gid);
    }
    reader_.each_attribute([&](const char* name, std::string_view value) {
      if (takes_attribute(name)) found.extended.push_back({name, std::string(value)});
    });
    return found;
  }

  bool takes_attribute(std::string_view name) {
    if (belongs_to_overlay(name)) return false;
    const bool is_user = name.starts_with("user.");
    const bool is_known = is_user || name.starts_with("security.") || name.starts_with("system.") ||
                          name.starts_with("trusted.");
    const bool fits =
        !is_user || entry_->type == EntryType::file || entry_->type == EntryType::directory;
    if (!is_known || !fits) {
      note("the extended attribute " + printable(name) + ", left out: Linux has no place for it");
    }
    return is_known && fits;
  }

  void note(const std::string& text) {
    if (notes_.size() < kMaxNotes) notes_.push_back(shown_ + ": " + text);
  }

  TarReader reader_;
  LayerTree& tree_;
  const ArchiveTarget* target_;  // nullptr: a layer, which starts at the image's root
  std::string moved_;            // the entry's path in the target
  Notes& notes_;
  mode_t umask_;
  const TarEntry* entry_ = nullptr;
  std::string shown_;  // the entry's name in messages
};

}  // namespace

std::string apply_entries(LayerStream& stream, LayerTree& tree, const LayerLimits& limits,
                          Notes& notes) {
  Application(stream, tree, nullptr, notes).run(limits.entries);
  return stream.finish();
}

std::string apply_layer(LayerStream& stream, const Fd& tree, LowerView& lower,
                        OverlayAttributes overlay_attributes, const LayerLimits& limits,
                        Notes& notes) {
  LayerTree layer(tree, lower, overlay_attributes);
  std::string diff_id = apply_entries(stream, layer, limits, notes);
  layer.settle();
  return diff_id;
}

void unpack_archive(LayerStream& stream, const Fd& tree, LowerView& lower,
                    OverlayAttributes overlay_attributes, const ArchiveTarget& target,
                    Notes& notes) {
  LayerTree layer(tree, lower, overlay_attributes);
  Application(stream, layer, &target, notes).run(LayerLimits().entries);
  stream.finish();
  layer.settle();
}

}  // namespace gocker
