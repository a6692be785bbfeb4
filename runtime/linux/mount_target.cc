#include "runtime/linux/mount_target.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// What lxcfs and its kin put in place of the kernel's own, so that a container sees its limits.
constexpr std::array<std::string_view, 11> kReplaceableInProc{
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
};

bool is_replaceable(const std::string& destination) {
  return std::find(kReplaceableInProc.begin(), kReplaceableInProc.end(), destination) !=
         kReplaceableInProc.end();
}

bool is_or_is_below_proc(const std::string& destination) {
  return destination == "/proc" || destination.starts_with("/proc/");
}

bool must_be_real(const std::string& destination) {
  return destination == "/proc" || destination == "/sys";
}

void make_missing(const RootDir& root, const std::string& destination, TargetKind kind) {
  // The common case, a parent that stands there without a symlink on the way, takes few calls.
  const SplitPath path = split_path(destination);
  const Fd parent = root.try_open(path.parent, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (parent && make_mount_point(parent, std::string(path.name), kind)) return;
  if (kind == TargetKind::directory) {
    root.make_directories(destination, 0755);
  } else {
    root.make_file(destination, 0644);
  }
}

[[noreturn]] void fail_to_open(const std::string& destination) {
  const int code = errno;
  if (code == ELOOP && must_be_real(destination)) {
    throw Error(destination + " of the root filesystem is a symlink: it must be a directory", code);
  }
  throw Error("open the mount point: " + errno_text(code), code);
}

}  // namespace

std::string normal_destination(std::string_view destination) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(destination, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string normal;
  for (const std::string_view part : parts) normal.append("/").append(part);
  return normal.empty() ? "/" : normal;
}

bool make_mount_point(const Fd& parent, const std::string& name, TargetKind kind) {
  if (kind == TargetKind::directory) {
    if (::mkdirat(parent.get(), name.c_str(), 0755) == 0) return true;
    if (errno != EEXIST) throw_errno("mkdir");
    return false;
  }
  constexpr int kFlags = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const Fd made(::openat(parent.get(), name.c_str(), kFlags, 0644));
  if (!made && errno != EEXIST) throw_errno("create the mount point");
  return static_cast<bool>(made);
}

MountTarget find_mount_target(const RootDir& root, const std::string& destination, LastLink link) {
  const bool keep = link == LastLink::keep && !must_be_real(destination);
  const int flags = O_PATH | (keep ? O_NOFOLLOW : 0);
  // Where no symlink was met, the path itself says whether it is in /proc; else one looks at what
  // was reached.
  Fd direct = root.try_open(destination, flags, RESOLVE_NO_SYMLINKS);
  const bool in_proc = is_or_is_below_proc(destination) && !is_replaceable(destination);
  if (direct || errno == ENOENT || errno == ENOTDIR) return {std::move(direct), in_proc};
  if (errno != ELOOP || must_be_real(destination)) fail_to_open(destination);

  Fd followed = root.try_open(destination, flags);
  if (!followed && errno != ENOENT && errno != ENOTDIR) fail_to_open(destination);
  const bool reached_proc = followed && is_procfs(followed) && !is_replaceable(destination);
  return {std::move(followed), in_proc || reached_proc};
}

MountTarget make_mount_target(const RootDir& root, const std::string& destination, TargetKind kind,
                              LastLink link) {
  MountTarget target = find_mount_target(root, destination, link);
  if (target.fd) return target;
  make_missing(root, destination, kind);
  // Somebody who shares a volume with this container may have been at work meanwhile: what counts
  // is what stands there now, under the same rules.
  target = find_mount_target(root, destination, link);
  if (!target.fd) throw Error("the mount point vanished while it was made", ENOENT);
  return target;
}

bool is_procfs(const Fd& fd) {
  struct statfs status {};
  check(::fstatfs(fd.get(), &status), "fstatfs");
  return status.f_type == PROC_SUPER_MAGIC;
}

}  // namespace gocker
