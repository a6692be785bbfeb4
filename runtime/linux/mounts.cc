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
void attach_at(const RootDir& root, const std::string& destination, const oci::Mount& mount,
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
      put_at(destination, step.mount, options, step.prepared);
    } else if (options.remount) {
      remount(destination, options, bind);
    } else if (bind) {
      const Fd source = open_bind_source(step.mount, options, bundle_);
      apply_bind_options(source, options);
      put_at(destination, step.mount, options, source);
    } else {
      mount_filesystem(step, destination, options);
    }
  }

  // What had to stay writable while mount points were made in it. Returns the mount at /dev.
  Fd make_readonly() {
    Fd dev;
    for (auto& [destination, mount] : readonly_at_end_) {
      if (destination == "/dev") {
        dev = std::move(mount);
        continue;
      }
      const Doing doing("make read-only", destination);
      set_mount_attributes(mount, MOUNT_ATTR_RDONLY, 0, 0, Depth::single, destination);
    }
    return dev;
  }

 private:
  void put_at(const std::string& destination, const oci::Mount& mount, const MountOptions& options,
              const Fd& detached) const {
    if (options.copy_symlink && S_ISLNK(stat_fd(detached, "source").st_mode)) {
      return make_link(root_, {destination, read_link(detached)});
    }
    attach_at(root_, destination, mount, detached,
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

  void mount_filesystem(const MountStep& step, const std::string& destination,
                        MountOptions options) {
    const std::string& type = step.mount.type;
    if (type.empty()) throw Error("has neither a type nor the option bind", EINVAL);
    MountTarget target = find_mount_target(root_, destination);
    if (target.for_procfs_only && type != "proc") {
      throw Error("only a procfs may be mounted on or below /proc", EPERM);
    }
    const bool tmpfs = type == "tmpfs";
    // A tmpfs takes the place of a directory with its permissions: /tmp stays sticky.
    if (tmpfs && target.fd && !has_parameter(options, "mode")) {
      options.parameters.emplace_back("mode", octal_mode(target.fd));
    }
    if (!label_.empty() && takes_label_parameter(type)) {
      options.parameters.emplace_back("context", label_);
    }
    uint64_t attributes = options.set_attributes | options.set_recursively;
    const bool late = step.readonly_at_end ||
                      ((attributes & MOUNT_ATTR_RDONLY) != 0 && (tmpfs || destination == "/dev"));
    if (late) attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};

    Fd mount = new_filesystem(type, step.mount.source, options.parameters, attributes);
    if (!label_.empty() && type == "mqueue") label_root(mount);
    if (tmpfs && options.tmpcopyup && target.fd) copy_up(target.fd, mount);
    if (options.propagation != 0) {
      set_mount_attributes(mount, 0, 0, options.propagation, Depth::single, "");
    }
    if (!target.fd) target = make_mount_target(root_, destination, TargetKind::directory);
    check_procfs_rule(target, step.mount, mount);
    attach_mount(mount, target.fd, destination);
    if (late) readonly_at_end_.emplace_back(destination, std::move(mount));
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
  std::vector<std::pair<std::string, Fd>> readonly_at_end_;
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
