#include "runtime/linux/devices.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/bind_mount.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/mount_target.h"

namespace gocker {
namespace {

struct DeviceLink {
  const char* name;
  const char* target;
};

constexpr std::array<DeviceLink, 6> kLinks{{
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
    {"core", "/proc/kcore"},
    {"ptmx", "pts/ptmx"},
}};

mode_t file_type(const oci::Device& device) {
  switch (device.type) {
    case 'b':
      return S_IFBLK;
    case 'c':
    case 'u':
      return S_IFCHR;
    case 'p':
      return S_IFIFO;
    default:
      throw Error(std::string("unknown device type ") + device.type, EINVAL);
  }
}

bool is_fifo(const oci::Device& device) {
  return device.type == 'p';
}

dev_t number_of(const oci::Device& device) {
  return is_fifo(device) ? 0 : makedev(device.major, device.minor);
}

bool is_same_device(const struct stat& status, const oci::Device& device) {
  if ((status.st_mode & S_IFMT) != file_type(device)) return false;
  return is_fifo(device) || status.st_rdev == number_of(device);
}

// "c 10:229"
std::string describe(const oci::Device& device) {
  if (is_fifo(device)) return "FIFO";
  return std::string(1, device.type) + " " + std::to_string(device.major) + ":" +
         std::to_string(device.minor);
}

// A detached copy of the host's node at the device's path.
Fd clone_host_node(const oci::Device& device) {
  Fd node(::open_tree(AT_FDCWD, device.path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!node && errno != ENOENT) throw_errno("open_tree");
  if (!node || !is_same_device(stat_fd(node, device.path), device)) {
    throw Error("nodes can't be made here, and the host has no " + describe(device) +
                    " at this path to take its place",
                ENODEV);
  }
  // What is mounted over it in the container must not appear on the host's node.
  set_mount_attributes(node, 0, 0, MS_PRIVATE, Depth::single, device.path);
  return node;
}

// What to do where something else stands in the place of a node.
enum class Occupied { replace, refuse };

struct Place {
  const Fd& directory;
  const std::string& name;
};

std::optional<struct stat> stat_at(const Place& place) {
  struct stat status {};
  if (::fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return status;
  }
  if (errno != ENOENT) throw_errno("stat");
  return std::nullopt;
}

enum class Removal { removed, stays };

// Directories and mount points stay: they were put there on purpose.
Removal remove_at(const Place& place) {
  if (::unlinkat(place.directory.get(), place.name.c_str(), 0) == 0) return Removal::removed;
  if (errno == EISDIR || errno == EBUSY) return Removal::stays;
  throw_errno("replace what is there");
}

class DeviceMaker {
 public:
  explicit DeviceMaker(const RootDir& root)
      : root_(root), dev_(root.make_directories("/dev", 0755)) {}

  // `clone` is a detached mount of a node, or none: then one is made.
  void make(const oci::Device& device, const Fd& clone, Occupied occupied) const {
    const Doing doing("create device", device.path);
    const std::string path = normal_destination(device.path);
    const SplitPath parts = split_path(path);
    const std::string name(parts.name);
    if (name.empty()) throw Error("is no path of a device", EINVAL);
    Fd other;
    if (parts.parent != "/dev") other = root_.make_directories(parts.parent, 0755);
    const Place place{other ? other : dev_, name};
    if (clone) {
      attach_node(place, device, clone, occupied);
    } else {
      make_node(place, device, occupied);
    }
  }

  void make_link(const DeviceLink& link) const {
    const std::string name = link.name;
    const Doing doing("create link /dev", name);
    if (::symlinkat(link.target, dev_.get(), link.name) == 0) return;
    if (errno != EEXIST) throw_errno("symlink");
    if (points_to(link)) return;
    if (remove_at({dev_, name}) == Removal::stays) return;
    check(::symlinkat(link.target, dev_.get(), link.name), "symlink");
  }

 private:
  static void make_node(const Place& place, const oci::Device& device, Occupied occupied) {
    if (try_mknod(place, device)) return;
    if (errno == EPERM) return attach_node(place, device, clone_host_node(device), occupied);
    if (errno != EEXIST) throw_errno("mknod");
    const std::optional<struct stat> there = stat_at(place);
    if (there && is_same_device(*there, device)) return;
    if (there && make_room(place, device, occupied) == Removal::stays) return;
    if (!try_mknod(place, device)) throw_errno("mknod");
  }

  static bool try_mknod(const Place& place, const oci::Device& device) {
    const mode_t mode = device.file_mode.value_or(0666) & 07777;
    const char* name = place.name.c_str();
    if (::mknodat(place.directory.get(), name, file_type(device) | mode, number_of(device)) != 0) {
      return false;
    }
    const uint32_t uid = device.uid.value_or(0);
    const uint32_t gid = device.gid.value_or(0);
    if (uid == 0 && gid == 0) return true;
    check(::fchownat(place.directory.get(), name, uid, gid, AT_SYMLINK_NOFOLLOW), "chown");
    return true;
  }

  static void attach_node(const Place& place, const oci::Device& device, const Fd& clone,
                          Occupied occupied) {
    const std::optional<struct stat> there = stat_at(place);
    if (there && is_same_device(*there, device)) return;
    // A plain file is what an earlier container of the same root has left of this.
    const bool usable = there && S_ISREG(there->st_mode);
    if (there && !usable && make_room(place, device, occupied) == Removal::stays) return;
    const int create = usable ? 0 : O_CREAT | O_EXCL;
    const Fd file(
        check(::openat(place.directory.get(), place.name.c_str(),
                       (usable ? O_PATH : O_RDONLY) | create | O_NOFOLLOW | O_CLOEXEC, 0644),
              "create the mount point"));
    attach_mount(clone, file, device.path);
  }

  static Removal make_room(const Place& place, const oci::Device& device, Occupied occupied) {
    if (occupied == Occupied::replace) return remove_at(place);
    throw Error("something else than " + describe(device) + " is there already", EEXIST);
  }

  bool points_to(const DeviceLink& link) const {
    std::array<char, PATH_MAX> text;
    const ssize_t length = ::readlinkat(dev_.get(), link.name, text.data(), text.size());
    if (length < 0) return false;
    return std::string_view(text.data(), static_cast<size_t>(length)) == link.target;
  }

  const RootDir& root_;
  Fd dev_;
};

}  // namespace

bool needs_devices(const std::vector<oci::Mount>& mounts) {
  return std::none_of(mounts.begin(), mounts.end(), [](const oci::Mount& mount) {
    return normal_destination(mount.destination) == "/dev" &&
           is_bind(mount, parse_mount_options(mount.options));
  });
}

const std::vector<oci::Device>& default_devices() {
  static const std::vector<oci::Device> kDevices{
      {"/dev/null", 'c', 1, 3, 0666, 0, 0},    {"/dev/zero", 'c', 1, 5, 0666, 0, 0},
      {"/dev/full", 'c', 1, 7, 0666, 0, 0},    {"/dev/random", 'c', 1, 8, 0666, 0, 0},
      {"/dev/urandom", 'c', 1, 9, 0666, 0, 0}, {"/dev/tty", 'c', 5, 0, 0666, 0, 0},
  };
  return kDevices;
}

std::vector<Fd> open_host_devices(const std::vector<oci::Device>& devices) {
  std::vector<Fd> clones;
  for (const std::vector<oci::Device>* list : {&default_devices(), &devices}) {
    for (const oci::Device& device : *list) {
      const Doing doing("open device", device.path);
      if (!is_fifo(device)) clones.push_back(clone_host_node(device));
    }
  }
  return clones;
}

void create_devices(const RootDir& root, const std::vector<oci::Device>& devices,
                    const std::vector<Fd>& host_devices) {
  const Step step("create devices");
  const NoUmask no_umask;
  const DeviceMaker maker(root);
  const Fd none;
  // The configured ones first: where one of them is a default device too, its mode and owner hold.
  size_t next = default_devices().size();
  for (const oci::Device& device : devices) {
    const bool cloned = !host_devices.empty() && !is_fifo(device);
    maker.make(device, cloned ? host_devices.at(next++) : none, Occupied::refuse);
  }
  next = 0;
  for (const oci::Device& device : default_devices()) {
    maker.make(device, host_devices.empty() ? none : host_devices.at(next++), Occupied::replace);
  }
  for (const DeviceLink& link : kLinks) maker.make_link(link);
}

}  // namespace gocker
