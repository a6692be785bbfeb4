#include "imagetool/bundle/bundle.h"

#include <fcntl.h>
#include <sched.h>
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
#include "imagetool/bundle/rootfs.h"
#include "imagetool/bundle/runtime_config.h"
#include "imagetool/store/lease.h"
#include "imagetool/store/subvolume.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

// A symlink, as it comes into being with its content in one call.
constexpr const char* kMarker = ".gocker-bundle";
constexpr std::string_view kMarkerStart = "gocker-bundle:1:";  // the driver's name follows
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

// What made the bundle's root file system; nullptr where the marker is none of ours.
const RootfsDriver* driver_in(std::string_view marker) {
  if (!marker.starts_with(kMarkerStart)) return nullptr;
  return find_driver(marker.substr(kMarkerStart.size()));
}

// --- removal -----------------------------------------------------------------------------------

void remove_content(const Fd& directory) {
  detach_mounts(directory, kRootfs);
  if (const RootfsDriver* driver = driver_in(read_marker(directory))) driver->remove(directory);
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

// Makes a directory as root of the container's user namespace: outside, root owns nothing there.
void make_directories_as(const IdMaps& maps, const RootDir& rootfs, const std::string& path) {
  const Fd user = make_user_namespace(maps);
  std::optional<Child> child = clone_child(0, Fd());
  if (child) {
    if (exit_code_of(child->wait()) == 0) return;
    throw Error("root of the container's user namespace may not");
  }
  try {
    become_root_in(user);
    rootfs.make_directories(path, 0755);
  } catch (const std::exception&) {
    exit_now(1);
  }
  exit_now(0);
}

// A container starts in its working directory, which images may leave to be made.
void make_working_directory(const std::string& path, const IdMaps& maps, const RootDir& rootfs) {
  const Doing doing("make the working directory", path);
  if (maps.empty()) {
    rootfs.make_directories(path, 0755);
  } else if (!rootfs.open_if_exists(path, O_PATH | O_DIRECTORY)) {
    make_directories_as(maps, rootfs, path);
  }
}

oci::Spec write_config(const oci::ImageConfig& image, const RunOptions& options,
                       const RootDir& rootfs, const Fd& directory) {
  oci::Spec spec = make_runtime_config(image, options, rootfs);
  make_working_directory(spec.process->cwd, options.user_namespace.maps, rootfs);
  replace_file_at(directory, kConfig, oci::to_json(spec), 0600);
  return spec;
}

Lease lease_of(const Image& image, const std::string& directory, const RunOptions& options) {
  return {.directory = directory,
          .reference = image.reference,
          .digest = image.digest,
          .chain_ids = image.chain_ids(),
          .boot_id = current_boot_id(),
          .id_maps = options.user_namespace.maps,
          .ephemeral = options.ephemeral};
}

const RootfsDriver& choose_driver(BundleKind kind, const Store& store, const RunOptions& options,
                                  const Fd& directory) {
  if (kind == BundleKind::flat) return flat_driver();
  if (kind == BundleKind::snapshot) return snapshot_driver();
  const bool is_mapped = options.user_namespace.kind != UserNamespaceOptions::Kind::host;
  const bool takes_snapshot =
      kind == BundleKind::automatic && !is_mapped && share_btrfs(store.snapshots(), directory);
  return takes_snapshot ? snapshot_driver() : overlay_driver();
}

void write_marker(const RootfsDriver& driver, const Fd& directory) {
  const std::string marker = std::string(kMarkerStart).append(driver.name());
  check(::symlinkat(marker.c_str(), directory.get(), kMarker), "symlink", kMarker);
}

// The file system of the bundle is an overlay itself, FAT, of another machine: it has not what an
// overlay needs for its changes.
bool cannot_hold_changes(const Error& error) {
  return error.code() == EINVAL || error.code() == EOPNOTSUPP || error.code() == ENODEV;
}

struct MadeRootfs {
  const RootfsDriver* driver;
  Fd root;
};

// What the driver makes; a copy in its place where that may be chosen and is all that is possible.
MadeRootfs make_rootfs(const RootfsDriver& driver, const RootfsSource& source, BundleKind kind,
                       const Draft& draft, Notes& notes) {
  write_marker(driver, draft.directory());
  try {
    return {&driver, driver.make(source, draft.directory())};
  } catch (const Error& error) {
    const bool may_copy = kind == BundleKind::automatic && source.id_maps.empty();
    if (!may_copy || !cannot_hold_changes(error)) throw;
    notes.push_back("all files of the image are copied, as " + draft.path() +
                    " cannot hold the changes of an overlay: " + errno_text(error.code()));
  }
  remove_content(draft.directory());
  write_marker(flat_driver(), draft.directory());
  return {&flat_driver(), flat_driver().make(source, draft.directory())};
}

// The choice of ids, which no other bundle may make at the same time.
LeaseCompletion completion_of(const RunOptions& options) {
  if (options.user_namespace.kind != UserNamespaceOptions::Kind::automatic) return {};
  return [size = options.user_namespace.size](Lease& lease, const std::vector<Lease>& others) {
    lease.id_maps = free_id_maps(size, others);
  };
}

}  // namespace

oci::Spec make_bundle(const Store& store, const Image& image, const std::string& directory,
                      BundleKind kind, const RunOptions& given, Notes& notes) {
  const Doing doing("make", directory);
  if (image.layers.empty()) throw Error("the image has no layers");
  const bool is_flat = kind == BundleKind::flat;
  const auto missing = is_flat ? std::nullopt : missing_for(image.config.platform);
  if (missing) throw Error(*missing);
  Draft draft(store, canonical(directory));
  const RootfsDriver& driver = choose_driver(kind, store, given, draft.directory());
  RunOptions options = given;
  options.user_namespace.maps =
      record_lease(store, lease_of(image, draft.path(), given), completion_of(given)).id_maps;
  const RootfsSource source{store, image.chain_ids(), options.user_namespace.maps,
                            options.ephemeral};
  MadeRootfs made = make_rootfs(driver, source, kind, draft, notes);
  const RootDir rootfs(std::move(made.root));
  oci::Spec spec = write_config(image.config, options, rootfs, draft.directory());
  made.driver->place(rootfs.fd(), draft.directory());
  if (!made.driver->uses_layers()) drop_lease(store, draft.path());
  draft.keep();
  return spec;
}

void mount_bundle(const Store& store, const std::string& directory) {
  const std::string path = real_path(directory);
  const Fd fd = open_file(path, O_RDONLY | O_DIRECTORY);
  const RootfsDriver* driver = driver_in(read_marker(fd));
  if (driver == nullptr) throw Error("it is no bundle of gocker-image");
  if (!driver->uses_layers() || is_mount_point(fd, kRootfs)) return;
  std::optional<Lease> lease = find_lease(store, path);
  if (!lease) throw Error("the store knows nothing of it");
  const Fd rootfs = driver->reopen({store, lease->chain_ids, lease->id_maps}, fd);
  lease->boot_id = current_boot_id();
  record_lease(store, *lease);
  if (rootfs) driver->place(rootfs, fd);
}

void unmount_bundle(const std::string& directory) {
  detach_mounts(open_file(directory, O_RDONLY | O_DIRECTORY), kRootfs);
}

BundleFiles open_files(const std::string& directory) {
  const Fd fd = open_file(directory, O_RDONLY | O_DIRECTORY);
  const bool is_overlay = driver_in(read_marker(fd)) == &overlay_driver();
  return {is_overlay ? BundleFiles::Kind::upper : BundleFiles::Kind::all,
          open_file_at(fd, is_overlay ? kUpper : kRootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)};
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
