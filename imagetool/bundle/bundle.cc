#include "imagetool/bundle/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "imagetool/bundle/foreign_platform.h"
#include "imagetool/bundle/mount_point.h"
#include "imagetool/bundle/runtime_config.h"
#include "imagetool/layer/attributes.h"
#include "imagetool/layer/copy.h"
#include "imagetool/layer/overlay.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

// A symlink, as it comes into being with its content in one call.
constexpr const char* kMarker = ".gocker-bundle";
constexpr const char* kOverlayMarker = "gocker-bundle:1:overlay";
constexpr const char* kFlatMarker = "gocker-bundle:1:flat";
constexpr const char* kRootfs = "rootfs";
constexpr const char* kUpper = "upper";
constexpr const char* kWork = "work";
constexpr const char* kConfig = "config.json";

// The absolute path without symlinks of a directory that may not be there; its parent must be.
std::string canonical(const std::string& directory) {
  std::string_view path = directory;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  struct stat status {};
  if (::stat(std::string(path).c_str(), &status) == 0) return real_path(std::string(path));
  const SplitPath parts = split_path(path);
  if (parts.name.empty() || parts.name == "." || parts.name == "..") {
    throw_errno_value(ENOENT, "open", directory);
  }
  const bool in_root = parts.parent.empty() && path.starts_with('/');
  const std::string parent = in_root ? "/" : parts.parent.empty() ? "." : std::string(parts.parent);
  const std::string above = real_path(parent);
  return (above == "/" ? "" : above) + "/" + std::string(parts.name);
}

// Empty where `directory` has no marker.
std::string read_marker(const Fd& directory) {
  std::array<char, 64> target{};
  const ssize_t length = ::readlinkat(directory.get(), kMarker, target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<size_t>(length));
}

Fd make_subdirectory(const Fd& directory, const char* name) {
  check(::mkdirat(directory.get(), name, S_IRWXU), "mkdir", name);
  return open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// --- removal -----------------------------------------------------------------------------------

void remove_content(const Fd& directory) {
  detach_mounts(directory, kRootfs);
  for (const std::string& name : list_directory(directory, "the bundle")) {
    if (name != kMarker) remove_tree_at(directory, name);
  }
  remove_tree_at(directory, kMarker);
}

// Where it cannot go, as a mount point or somebody's working directory, an empty directory stays.
void remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT || errno == EBUSY || errno == EINVAL) return;
  throw_errno("remove", path);
}

// --- making ------------------------------------------------------------------------------------

// The directory of a bundle in the making; what it holds is removed unless keep() is called.
class Draft {
 public:
  explicit Draft(const Store& store, std::string path) : store_(store), path_(std::move(path)) {
    made_ = ::mkdir(path_.c_str(), S_IRWXU) == 0;
    if (!made_ && errno != EEXIST) throw_errno("mkdir", path_);
    directory_ = open_file(path_, O_RDONLY | O_DIRECTORY);
    if (!list_directory(directory_, path_).empty()) {
      throw Error("the directory is not empty", ENOTEMPTY);
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (!kept_) undo();
  }

  const std::string& path() const { return path_; }
  const Fd& directory() const { return directory_; }
  void keep() { kept_ = true; }

 private:
  // The error that led here is the one to tell; `gocker-image unbundle` can try again.
  void undo() noexcept {
    try {
      remove_content(directory_);
      if (made_) remove_directory(path_);
      drop_lease(store_, path_);
    } catch (const std::exception&) {
      return;
    }
  }

  const Store& store_;
  std::string path_;
  Fd directory_;
  bool made_ = false;
  bool kept_ = false;
};

Fd mount_layers(const Store& store, const std::vector<std::string>& chain_ids) {
  if (chain_ids.size() == 1) return store.open_layer(chain_ids.front());
  OverlayMount mount;
  mount.layers = store.open_layers(chain_ids);
  mount.attributes = store.overlay_attributes();
  return mount_overlay(mount);
}

Fd mount_with_upper(const Store& store, const std::vector<std::string>& chain_ids,
                    const Fd& directory) {
  OverlayMount mount;
  mount.layers = store.open_layers(chain_ids);
  mount.upper = open_file_at(directory, kUpper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  mount.work = open_file_at(directory, kWork, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  mount.attributes = store.overlay_attributes();
  return mount_overlay(mount);
}

// The detached mount that is to become DIR/rootfs. Its root directory is the upper one, which must
// look like the image's.
Fd make_overlay_rootfs(const Store& store, const std::vector<std::string>& chain_ids,
                       const Fd& directory) {
  make_subdirectory(directory, kRootfs);
  make_subdirectory(directory, kWork);
  const Fd upper = make_subdirectory(directory, kUpper);
  const Fd top = store.open_layer(chain_ids.back());
  set_attributes(upper, read_attributes(top, stat_fd(top, "/")));
  return mount_with_upper(store, chain_ids, directory);
}

Fd make_flat_rootfs(const Store& store, const std::vector<std::string>& chain_ids,
                    const Fd& directory) {
  Fd rootfs = make_subdirectory(directory, kRootfs);
  const RootDir image(mount_layers(store, chain_ids));
  copy_tree(image.open(".", O_RDONLY | O_DIRECTORY), rootfs);
  return rootfs;
}

// A container starts in its working directory, which images may leave to be made.
void write_config(const oci::ImageConfig& image, const RunOptions& options, const RootDir& rootfs,
                  const Fd& directory) {
  const oci::Spec spec = make_runtime_config(image, options, rootfs);
  {
    const Doing doing("make the working directory", spec.process->cwd);
    rootfs.make_directories(spec.process->cwd, 0755);
  }
  replace_file_at(directory, kConfig, oci::to_json(spec), 0600);
}

Lease lease_of(const Image& image, const std::string& directory) {
  return {.directory = directory,
          .reference = image.reference,
          .digest = image.digest,
          .chain_ids = image.chain_ids(),
          .boot_id = current_boot_id()};
}

}  // namespace

void make_bundle(const Store& store, const Image& image, const std::string& directory,
                 BundleKind kind, const RunOptions& options) {
  const Doing doing("make", directory);
  if (image.layers.empty()) throw Error("the image has no layers");
  const bool is_flat = kind == BundleKind::flat;
  const auto missing = is_flat ? std::nullopt : missing_for(image.config.platform);
  if (missing) throw Error(*missing);
  Draft draft(store, canonical(directory));
  const char* marker = is_flat ? kFlatMarker : kOverlayMarker;
  check(::symlinkat(marker, draft.directory().get(), kMarker), "symlink", kMarker);
  record_lease(store, lease_of(image, draft.path()));
  const std::vector<std::string> chain_ids = image.chain_ids();
  const RootDir rootfs(is_flat ? make_flat_rootfs(store, chain_ids, draft.directory())
                               : make_overlay_rootfs(store, chain_ids, draft.directory()));
  write_config(image.config, options, rootfs, draft.directory());
  if (is_flat) {
    drop_lease(store, draft.path());
  } else {
    attach_mount(rootfs.fd(), draft.directory(), kRootfs);
  }
  draft.keep();
}

void mount_bundle(const Store& store, const std::string& directory) {
  const std::string path = real_path(directory);
  const Fd fd = open_file(path, O_RDONLY | O_DIRECTORY);
  const std::string marker = read_marker(fd);
  if (marker.empty()) throw Error("it is no bundle of gocker-image");
  if (marker == kFlatMarker || is_mount_point(fd, kRootfs)) return;
  std::optional<Lease> lease = find_lease(store, path);
  if (!lease) throw Error("the store knows nothing of it");
  const Fd rootfs = mount_with_upper(store, lease->chain_ids, fd);
  lease->boot_id = current_boot_id();
  record_lease(store, *lease);
  attach_mount(rootfs, fd, kRootfs);
}

void remove_bundle(const Store& store, const std::string& directory) {
  const std::string path = canonical(directory);
  const Fd fd = open_if_exists(path, O_RDONLY | O_DIRECTORY);
  if (fd) {
    // An empty directory is a bundle whose making or removal was cut off next to its marker.
    const bool is_empty = list_directory(fd, path).empty();
    if (!is_empty && read_marker(fd).empty() && !find_lease(store, path)) {
      throw Error("it is no bundle of gocker-image: nothing is removed");
    }
    remove_content(fd);
    remove_directory(path);
  }
  drop_lease(store, path);
}

}  // namespace gocker
