#include "imagetool/layer/write_layer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "imagetool/digest.h"
#include "imagetool/layer/attributes.h"
#include "imagetool/layer/copy.h"
#include "imagetool/layer/packing.h"
#include "imagetool/layer/tar_writer.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

// Labels of SELinux, hashes of IMA and the like belong to this machine.
bool belongs_to_machine(std::string_view attribute) {
  return attribute.starts_with("security.") && attribute != "security.capability";
}

class LayerWriter {
 public:
  LayerWriter(OverlayAttributes overlay_attributes, const Fd& file)
      : overlay_prefix_(overlay_attributes == OverlayAttributes::user ? "user.overlay."
                                                                      : "trusted.overlay."),
        packed_(make_pack_writer(file)),
        tar_([this](std::string_view bytes) {
          hash_.update(bytes);
          packed_->write(bytes);
        }) {}

  LayerBlob write(const Fd& tree, RootEntry root) {
    if (root == RootEntry::yes) {
      const struct stat status = stat_fd(tree, "/");
      add(tar_entry_of("./", status), tree, status);
    }
    write_content(tree, "");
    tar_.finish();
    const PackedBytes packed = packed_->finish();
    result_.digest = packed.digest;
    result_.size = packed.size;
    result_.diff_id = hash_.finish();
    return std::move(result_);
  }

 private:
  // `path` is that of `directory` in the archive: "", or "usr/lib/".
  void write_content(const Fd& directory, const std::string& path) {
    for (const std::string& name : list_directory(directory, path)) {
      write_entry(directory, name, path);
    }
  }

  void write_entry(const Fd& directory, const std::string& name, const std::string& above) {
    const std::string path = above + name;
    const Doing doing("write", path);
    const Fd object = open_file_at(directory, name, O_PATH | O_NOFOLLOW);
    const struct stat status = stat_fd(object, path);
    if (is_whiteout(status)) return add_mark(above + std::string(kWhiteout) + name);
    if (name.starts_with(kWhiteout)) {
      throw Error("a name that begins with .wh. would be a whiteout in the layer");
    }
    if (S_ISSOCK(status.st_mode)) {
      result_.left_out.push_back(path);
    } else if (S_ISDIR(status.st_mode)) {
      write_directory(open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), status,
                      path + "/");
    } else {
      write_file(object, status, path);
    }
  }

  void write_directory(const Fd& directory, const struct stat& status, const std::string& path) {
    if (has_overlay_attribute(directory, "redirect")) {
      throw Error("the directory was renamed in a way that only overlay knows (redirect_dir)");
    }
    add(tar_entry_of(path, status), directory, status);
    if (is_opaque(directory)) add_mark(path + std::string(kOpaque));
    write_content(directory, path);
  }

  void write_file(const Fd& object, const struct stat& status, const std::string& path) {
    TarEntry entry = tar_entry_of(path, status);
    if (status.st_nlink > 1) {
      const auto [first, is_new] = names_.try_emplace({status.st_dev, status.st_ino}, path);
      if (!is_new) {
        entry.type = EntryType::hardlink;
        entry.target = first->second.c_str();
        return add(entry, {});
      }
    }
    std::string target;
    if (entry.type == EntryType::symlink) {
      target = read_link_target(object);
      entry.target = target.c_str();
    }
    if (entry.type != EntryType::file) return add(entry, object, status);
    if (has_overlay_attribute(object, "metacopy")) {
      throw Error("its content is in a lower layer (metacopy)");
    }
    entry.size = static_cast<uint64_t>(status.st_size);
    add(entry, object, status);
    tar_.write_from(open_file(descriptor_path(object), O_RDONLY), entry.size);
  }

  void add(const TarEntry& entry, const Fd& object, const struct stat& status) {
    std::vector<ExtendedAttribute> attributes = read_attributes(object, status).extended;
    std::erase_if(attributes,
                  [](const ExtendedAttribute& each) { return belongs_to_machine(each.name); });
    add(entry, attributes);
  }

  void add(const TarEntry& entry, const std::vector<ExtendedAttribute>& attributes) {
    tar_.add(entry, attributes);
    ++result_.entries;
  }

  void add_mark(const std::string& path) {
    TarEntry entry;
    entry.path = path;
    add(entry, {});
  }

  bool is_opaque(const Fd& directory) const {
    return overlay_attribute(directory, "opaque") == "y";
  }

  bool has_overlay_attribute(const Fd& object, const char* name) const {
    return overlay_attribute(object, name).has_value();
  }

  // Nothing where there is none, or none that is short.
  std::optional<std::string> overlay_attribute(const Fd& object, const char* name) const {
    const std::string attribute = overlay_prefix_ + name;
    std::array<char, 256> value{};
    const ssize_t length =
        ::getxattr(descriptor_path(object).c_str(), attribute.c_str(), value.data(), value.size());
    if (length < 0) return errno == ERANGE ? std::optional(std::string()) : std::nullopt;
    return std::string(value.data(), static_cast<size_t>(length));
  }

  const std::string overlay_prefix_;
  Sha256 hash_;
  std::unique_ptr<PackWriter> packed_;
  TarWriter tar_;
  LayerBlob result_;

  std::map<std::pair<dev_t, ino_t>, std::string> names_;  // the first one of each file
};

}  // namespace

LayerBlob write_layer(const Fd& tree, OverlayAttributes overlay_attributes, RootEntry root,
                      const Fd& file) {
  const Doing doing("write the layer");
  return LayerWriter(overlay_attributes, file).write(tree, root);
}

}  // namespace gocker
