#include "imagetool/containers/file_archive.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/copy.h"
#include "imagetool/layer/decompress.h"
#include "imagetool/layer/layer_stream.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

// --- packing -----------------------------------------------------------------------------------

// A file's own attributes that mean the same elsewhere; labels and the like belong to the machine.
bool is_copied(const ExtendedAttribute& attribute) {
  return attribute.name.starts_with("user.") || attribute.name == "security.capability" ||
         attribute.name.starts_with("system.posix_acl_");
}

class Packer {
 public:
  explicit Packer(const TarWriter::Sink& sink) : tar_(sink) {}

  void pack(const Fd& object, const std::string& name) {
    const struct stat status = stat_fd(object, name);
    if (S_ISDIR(status.st_mode)) {
      pack_directory(object, status, name);
    } else {
      pack_file(object, status, name);
    }
  }
  void finish() { tar_.finish(); }

 private:
  void pack_directory(const Fd& object, const struct stat& status, const std::string& name) {
    const std::string prefix = name.empty() ? "" : name + "/";
    if (!name.empty()) add(tar_entry_of(prefix, status), object, status);
    const Fd directory = open_file(descriptor_path(object), O_RDONLY | O_DIRECTORY);
    for (const std::string& each : list_directory(directory, name)) {
      const Doing doing("read", each);
      const Fd child = open_if_exists_at(directory, each, O_PATH | O_NOFOLLOW);
      if (child) pack(child, prefix + each);
    }
  }

  void pack_file(const Fd& object, const struct stat& status, const std::string& name) {
    TarEntry entry = tar_entry_of(name, status);
    if (entry.type == EntryType::socket) return;
    if (status.st_nlink > 1) {
      const auto [first, is_new] = names_.try_emplace({status.st_dev, status.st_ino}, name);
      if (!is_new) {
        entry.type = EntryType::hardlink;
        entry.target = first->second.c_str();
        return tar_.add(entry, {});
      }
    }
    std::string target;
    if (entry.type == EntryType::symlink) {
      target = read_link_target(object);
      entry.target = target.c_str();
    }
    if (entry.type != EntryType::file) return add(entry, object, status);
    const Fd file = open_file(descriptor_path(object), O_RDONLY);
    entry.size = static_cast<uint64_t>(status.st_size);
    add(entry, object, status);
    tar_.write_from(file, entry.size);
  }

  void add(const TarEntry& entry, const Fd& object, const struct stat& status) {
    std::vector<ExtendedAttribute> attributes = read_attributes(object, status).extended;
    std::erase_if(attributes, [](const auto& each) { return !is_copied(each); });
    tar_.add(entry, attributes);
  }

  TarWriter tar_;
  std::map<std::pair<dev_t, ino_t>, std::string> names_;  // the first of a file's several
};

// --- unpacking ---------------------------------------------------------------------------------

// What comes through a pipe, read once; the beginning may be looked at before.
class Stream : public BlobSource {
 public:
  explicit Stream(const Fd& fd) : fd_(fd) { got_ = read_up_to(start_.data(), start_.size()); }

  size_t read_at(char* buffer, size_t size, uint64_t offset) const override {
    size_t done = 0;
    if (offset < got_) {
      done = std::min(size, got_ - static_cast<size_t>(offset));
      std::memcpy(buffer, start_.data() + offset, done);
    }
    return done + read_up_to(buffer + done, size - done);
  }
  uint64_t size() const override { return UINT64_MAX; }

 private:
  size_t read_up_to(char* buffer, size_t size) const {
    size_t done = 0;
    while (done < size) {
      const ssize_t got = ::read(fd_.get(), buffer + done, size - done);
      if (got < 0 && errno == EINTR) continue;
      if (check(got, "read the archive") == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  const Fd& fd_;
  std::array<char, 4> start_{};
  size_t got_ = 0;
};

class Unpacker {
 public:
  Unpacker(LayerStream& stream, const UnpackTarget& target) : reader_(stream), target_(target) {}

  void unpack() {
    while (const TarEntry* entry = reader_.next()) {
      const std::string path = clean_relative(entry->path);
      const Doing doing("write", path);
      if (path.empty() || entry->type == EntryType::socket) continue;
      make(*entry, path);
    }
    settle_directories();
  }

 private:
  Fd open_parent(std::string_view path) const {
    const std::string whole = target_.directory + "/" + std::string(path);
    if (target_.links == UnpackTarget::Links::follow) {
      return target_.root.make_directories(whole, 0755);
    }
    return target_.root.open(whole, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
  }

  void make(const TarEntry& entry, const std::string& path) {
    const SplitPath parts = split_path(path);
    const Fd parent = open_parent(parts.parent);
    const std::string name(parts.name);
    const Attributes attributes = attributes_of(entry);
    if (entry.type == EntryType::directory) return make_directory(parent, name, path, attributes);
    clear_way(parent, name);
    switch (entry.type) {
      case EntryType::file:
        return make_file(entry, parent, name, attributes);
      case EntryType::symlink:
        check(::symlinkat(entry.target, parent.get(), name.c_str()), "symlink");
        return set_attributes_at(parent, name.c_str(), Node::symlink, attributes);
      case EntryType::hardlink:
        return make_link(entry, parent, name);
      default:
        return make_node(entry, parent, name, attributes);
    }
  }

  // A file takes a file's place.
  static void clear_way(const Fd& parent, const std::string& name) {
    if (::unlinkat(parent.get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno == EISDIR) throw Error("a directory is there already", EISDIR);
    throw_errno("remove");
  }

  void make_directory(const Fd& parent, const std::string& name, const std::string& path,
                      const Attributes& attributes) {
    if (::mkdirat(parent.get(), name.c_str(), S_IRWXU) == 0) {
      directories_.emplace_back(path, attributes);
      return;
    }
    if (errno != EEXIST) throw_errno("mkdir");
    struct stat present {};
    check(::fstatat(parent.get(), name.c_str(), &present, AT_SYMLINK_NOFOLLOW), "stat");
    // One that leads to no directory is told when something is to be made in it.
    const bool is_followed =
        target_.links == UnpackTarget::Links::follow && S_ISLNK(present.st_mode);
    if (S_ISDIR(present.st_mode) || is_followed) return;
    throw Error("what is there already is no directory", ENOTDIR);
  }

  void make_file(const TarEntry& entry, const Fd& parent, const std::string& name,
                 const Attributes& attributes) {
    const Fd file =
        open_file_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    TarData piece;
    while (reader_.read(piece)) {
      check(::lseek(file.get(), static_cast<off_t>(piece.offset), SEEK_SET), "seek");
      write_all(file, piece.bytes, "its content");
    }
    check(::ftruncate(file.get(), static_cast<off_t>(entry.size)), "truncate");
    set_attributes(file, attributes);
  }

  void make_link(const TarEntry& entry, const Fd& parent, const std::string& name) const {
    const std::string first = clean_relative(entry.target);
    const SplitPath parts = split_path(first);
    const Fd from = open_parent(parts.parent);
    check(::linkat(from.get(), std::string(parts.name).c_str(), parent.get(), name.c_str(), 0),
          "link to", first);
  }

  static void make_node(const TarEntry& entry, const Fd& parent, const std::string& name,
                        const Attributes& attributes) {
    const mode_t type = entry.type == EntryType::character ? S_IFCHR
                        : entry.type == EntryType::block   ? S_IFBLK
                                                           : S_IFIFO;
    check(::mknodat(parent.get(), name.c_str(), type | S_IRUSR | S_IWUSR, entry.device), "mknod");
    set_attributes_at(parent, name.c_str(), Node::special, attributes);
  }

  Attributes attributes_of(const TarEntry& entry) const {
    Attributes attributes{entry.uid, entry.gid, entry.mode, entry.mtime, {}};
    if (target_.owner == UnpackTarget::Owner::root) attributes.uid = attributes.gid = 0;
    reader_.each_attribute([&](const char* name, std::string_view value) {
      ExtendedAttribute attribute{name, std::string(value)};
      if (is_copied(attribute)) attributes.extended.push_back(std::move(attribute));
    });
    return attributes;
  }

  // Last, as every change in a directory sets its time, and a mode may forbid changes.
  void settle_directories() {
    for (auto next = directories_.rbegin(); next != directories_.rend(); ++next) {
      const SplitPath parts = split_path(next->first);
      const Fd directory = open_file_at(open_parent(parts.parent), std::string(parts.name),
                                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      set_attributes(directory, next->second);
    }
  }

  TarReader reader_;
  const UnpackTarget& target_;
  std::vector<std::pair<std::string, Attributes>> directories_;  // that were made
};

}  // namespace

void pack_files(const Fd& object, const std::string& name, const TarWriter::Sink& sink) {
  Packer packer(sink);
  packer.pack(object, name);
  packer.finish();
}

void unpack_files(const Fd& archive, const UnpackTarget& target) {
  const Stream bytes(archive);
  LayerStream stream(bytes, compression_of(bytes), LayerLimits());
  Unpacker(stream, target).unpack();
  stream.finish();
}

}  // namespace gocker
