#include "runtime/linux/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <memory>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/bind_mount.h"
#include "runtime/linux/copy_up.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/lsm.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/mount_target.h"

namespace gocker {
namespace {

// "/data (tmpfs)": what an error of this mount begins with.
std::string describe(const std::string& destination, const oci::Mount& mount, bool bind) {
  if (bind || mount.type.empty()) return destination;
  return destination + " (" + mount.type + ")";
}

TargetKind kind_of_source(const Fd& mount) {
  return S_ISDIR(stat_fd(mount, "source").st_mode) ? TargetKind::directory : TargetKind::file;
}

void check_procfs_rule(const MountTarget& target, const oci::Mount& mount, const Fd& detached) {
  if (!target.for_procfs_only || mount.type == "proc" || is_procfs(detached)) return;
  throw Error("only a procfs may be mounted on or below /proc", EPERM);
}

// Puts `detached`, a bind or a prepared mount, onto its destination, whose kind follows its own.
void attach_below(const RootDir& root, const std::string& destination, const oci::Mount& mount,
                  const Fd& detached, LastLink link) {
  MountTarget target = find_mount_target(root, destination, link);
  if (!target.fd) target = make_mount_target(root, destination, kind_of_source(detached), link);
  check_procfs_rule(target, mount, detached);
  constexpr unsigned kFlags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (::move_mount(detached.get(), "", target.fd.get(), "", kFlags) == 0) return;
  const int code = errno;
  const TargetKind have = kind_of_source(target.fd);
  const TargetKind need = kind_of_source(detached);
  if (have == need) throw_errno_value(code, "move_mount");
  throw Error(have == TargetKind::directory
                  ? "is a directory, but the source " + mount.source + " is a file"
                  : "is a file, but the source " + mount.source + " is a directory",
              have == TargetKind::directory ? EISDIR : ENOTDIR);
}

bool has_parameter(const MountOptions& options, std::string_view name) {
  return std::any_of(options.parameters.begin(), options.parameters.end(),
                     [&](const auto& parameter) { return parameter.first == name; });
}

// Filesystems without a device or a server, whose making has no effect elsewhere.
bool is_kernels_own(std::string_view type) {
  constexpr std::array<std::string_view, 4> kTypes{"proc", "devpts", "mqueue", "tmpfs"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::string octal_mode(const Fd& directory) {
  std::array<char, 16> text;
  const unsigned mode = stat_fd(directory, "mount point").st_mode & 07777;
  std::snprintf(text.data(), text.size(), "%o", mode);
  return text.data();
}

// Filesystems whose files get their SELinux label otherwise than by a mount parameter.
bool takes_label_parameter(std::string_view type) {
  constexpr std::array<std::string_view, 5> kOthers{"proc", "sysfs", "cgroup", "cgroup2", "mqueue"};
  return std::find(kOthers.begin(), kOthers.end(), type) == kOthers.end();
}

// What the symlink behind an O_PATH descriptor says.
std::string read_link(const Fd& link) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = check(::readlinkat(link.get(), "", text.data(), text.size()), "readlink");
  return {text.data(), static_cast<size_t>(size)};
}

// Fine where the very same link is there already, as in a root that was used before.
void make_link(const RootDir& root, const LinkStep& link) {
  const Doing doing("link", link.path);
  const SplitPath path = split_path(link.path);
  const Fd parent = root.make_directories(path.parent, 0755);
  const std::string name(path.name);
  if (::symlinkat(link.target.c_str(), parent.get(), name.c_str()) == 0) return;
  if (errno != EEXIST) throw_errno("symlink");
  const Fd there(
      check(::openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "open"));
  const bool same = S_ISLNK(stat_fd(there, name).st_mode) && read_link(there) == link.target;
  if (!same) throw Error("something else is there already", EEXIST);
}

// The filesystem that was mounted last and made for this container: nobody else is in it, so what
// lies right in it needs no search from the root for its place.
class FreshFilesystem {
 public:
  void set(const std::string& destination, std::shared_ptr<Fd> mount) {
    destination_ = destination;
    mount_ = std::move(mount);
  }

  // Where `destination` lies right in it: makes the mount point. False where it lies elsewhere, or
  // is there already; its filesystem is not the last one then.
  bool make_place(const std::string& destination, TargetKind kind) {
    const SplitPath parts = split_path(destination);
    if (mount_ && parts.parent == destination_ &&
        make_mount_point(*mount_, std::string(parts.name), kind)) {
      return true;
    }
    mount_.reset();
    return false;
  }

  void attach(const Fd& mount, const std::string& destination) const {
    attach_mount_at(mount, *mount_, std::string(split_path(destination).name));
  }

  std::string path_of(const std::string& destination) const {
    return descriptor_path(*mount_).append("/").append(split_path(destination).name);
  }

 private:
  std::string destination_;
  std::shared_ptr<Fd> mount_;
};

// A new sysfs is for who owns the network namespace. For others there is the host's, which is the
// same: read-only, since what is mounted below it may be the user's own (CVE-2023-25809).
Fd bind_sysfs(uint64_t attributes) {
  constexpr unsigned kFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
  Fd tree(check(::open_tree(AT_FDCWD, "/sys", kFlags), "open /sys to bind it"));
  constexpr uint64_t kRestrictions = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  set_mount_attributes(tree, (attributes & kRestrictions) | MOUNT_ATTR_RDONLY, 0, MS_PRIVATE,
                       Depth::recursive, "/sys");
  return tree;
}

Fd make_filesystem(const oci::Mount& mount, const MountOptions& options, uint64_t attributes) try {
  return new_filesystem(mount.type, mount.source, options.parameters, attributes);
} catch (const Error& refused) {
  if (mount.type != "sysfs" || refused.code() != EPERM) throw;
  return bind_sysfs(attributes);
}

// The mounts of one container, in order.
class MountSequence {
 public:
  MountSequence(const RootDir& root, const std::string& bundle, const std::string& label)
      : root_(root), bundle_(bundle) {
    if (label.empty()) return;
    if (!selinux_enabled()) {
      throw Error("config.json: /linux/mountLabel: SELinux is not enabled on this host",
                  EOPNOTSUPP);
    }
    label_ = label;
  }

  void apply(const MountStep& step) {
    const std::string destination = normal_destination(step.mount.destination);
    const MountOptions options = parse_mount_options(step.mount.options);
    const bool bind = is_bind(step.mount, options);
    const std::string label = describe(destination, step.mount, bind);
    const Doing doing("mount", label);
    if (destination == "/") throw Error("the root itself is no mount point", EINVAL);
    if (step.prepared) {
      put_bind(step.prepared, destination, step, options);
    } else if (options.remount) {
      remount(destination, options, bind);
    } else if (bind) {
      put_bind(make_bind(step.mount, options, bundle_), destination, step, options);
    } else {
      mount_filesystem(step, destination, options);
    }
  }

  // What had to stay writable while mount points were made in it. Returns the mount at /dev.
  Fd make_readonly() {
    Fd dev;
    for (const auto& [destination, mount] : readonly_at_end_) {
      if (destination == "/dev") {
        dev = std::move(*mount);
        continue;
      }
      const Doing doing("make read-only", destination);
      set_mount_attributes(*mount, MOUNT_ATTR_RDONLY, 0, 0, Depth::single, destination);
    }
    return dev;
  }

 private:
  void put_bind(const Fd& detached, const std::string& destination, const MountStep& step,
                const MountOptions& options) {
    if (options.copy_symlink && S_ISLNK(stat_fd(detached, "source").st_mode)) {
      return make_link(root_, {destination, read_link(detached)});
    }
    const TargetKind kind = step.is_directory ? TargetKind::directory : kind_of_source(detached);
    if (fresh_.make_place(destination, kind)) return fresh_.attach(detached, destination);
    attach_below(root_, destination, step.mount, detached,
                 options.destination_nofollow ? LastLink::keep : LastLink::follow);
  }

  void remount(const std::string& destination, const MountOptions& options, bool bind) {
    const MountTarget target = find_mount_target(root_, destination);
    if (!target.fd) throw Error("remount: nothing is mounted there", ENOENT);
    change_mount_options(target.fd, options);
    if (!bind && !options.parameters.empty()) {
      reconfigure_filesystem(target.fd, options.parameters);
    }
  }

  // Where a new filesystem goes: right into the one that was mounted before, else what was found.
  struct Place {
    bool in_fresh = false;
    MountTarget target;
  };

  Place find_place(const std::string& destination, std::string_view type) {
    if (fresh_.make_place(destination, TargetKind::directory)) return {true, {}};
    MountTarget target = find_mount_target(root_, destination);
    if (target.for_procfs_only && type != "proc") {
      throw Error("only a procfs may be mounted on or below /proc", EPERM);
    }
    return {false, std::move(target)};
  }

  void add_parameters(MountOptions& options, std::string_view type, const Place& place) const {
    // A tmpfs takes the place of a directory with its permissions: /tmp stays sticky.
    if (type == "tmpfs" && place.target.fd && !has_parameter(options, "mode")) {
      options.parameters.emplace_back("mode", octal_mode(place.target.fd));
    }
    if (!label_.empty() && takes_label_parameter(type)) {
      options.parameters.emplace_back("context", label_);
    }
  }

  void mount_filesystem(const MountStep& step, const std::string& destination,
                        MountOptions options) {
    const std::string& type = step.mount.type;
    if (type.empty()) throw Error("has neither a type nor the option bind", EINVAL);
    Place place = find_place(destination, type);
    add_parameters(options, type, place);
    const bool tmpfs = type == "tmpfs";
    uint64_t attributes = options.set_attributes | options.set_recursively;
    const bool late = step.readonly_at_end ||
                      ((attributes & MOUNT_ATTR_RDONLY) != 0 && (tmpfs || destination == "/dev"));
    if (late) attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};
    // A tmpfs that others may be mounted in is held by its descriptor.
    const bool holds_others = tmpfs && !place.in_fresh;
    if (!late && !holds_others && try_at_once(step, destination, options, place)) return;

    Fd mount = make_filesystem(step.mount, options, attributes);
    if (!label_.empty() && type == "mqueue") label_root(mount);
    if (tmpfs && options.tmpcopyup && place.target.fd) copy_up(place.target.fd, mount);
    if (options.propagation != 0) {
      set_mount_attributes(mount, 0, 0, options.propagation, Depth::single, "");
    }
    put(mount, destination, step, std::move(place));
    if (!late && !holds_others) return;
    const auto shared = std::make_shared<Fd>(std::move(mount));
    if (late) readonly_at_end_.emplace_back(destination, shared);
    if (holds_others) fresh_.set(destination, shared);
  }

  bool try_at_once(const MountStep& step, const std::string& destination,
                   const MountOptions& options, const Place& place) const {
    const bool plain = label_.empty() && options.propagation == 0 && !options.tmpcopyup;
    if (!plain || !is_kernels_own(step.mount.type)) return false;
    if (!place.in_fresh && !place.target.fd) return false;
    return mount_at_once(
        step.mount.type, step.mount.source, options.parameters,
        options.set_attributes | options.set_recursively,
        place.in_fresh ? fresh_.path_of(destination) : descriptor_path(place.target.fd));
  }

  void put(const Fd& mount, const std::string& destination, const MountStep& step, Place place) {
    if (place.in_fresh) return fresh_.attach(mount, destination);
    if (!place.target.fd) {
      place.target = make_mount_target(root_, destination, TargetKind::directory);
    }
    check_procfs_rule(place.target, step.mount, mount);
    attach_mount(mount, place.target.fd, destination);
  }

  // mqueue knows no context=. setxattr(2) has no form for an O_PATH descriptor but this.
  void label_root(const Fd& mount) const {
    check(::setxattr(descriptor_path(mount).c_str(), "security.selinux", label_.c_str(),
                     label_.size(), 0),
          "setxattr security.selinux", label_);
  }

  const RootDir& root_;
  const std::string& bundle_;
  std::string label_;
  FreshFilesystem fresh_;
  std::vector<std::pair<std::string, std::shared_ptr<Fd>>> readonly_at_end_;
};

}  // namespace

Fd apply_mounts(const MountPlan& plan, const RootDir& root, const std::string& bundle,
                const std::string& mount_label) {
  const NoUmask no_umask;
  MountSequence sequence(root, bundle, mount_label);
  for (const MountStep& step : plan.mounts) sequence.apply(step);
  for (const LinkStep& link : plan.links) make_link(root, link);
  return sequence.make_readonly();
}

}  // namespace gocker
