#include "runtime/linux/host_mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// "\040" is a blank: mountinfo writes blank, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    std::optional<uint32_t> code;
    if (text[i] == '\\') code = parse_octal(text.substr(i + 1, 3));
    plain += code ? static_cast<char>(*code) : text[i];
    if (code) i += 3;
  }
  return plain;
}

bool is_in_tree(const std::vector<MountInfo>& table, const MountInfo& mount, uint64_t root) {
  uint64_t id = mount.id;
  // Bounded, should the table be inconsistent.
  for (size_t i = 0; i <= table.size(); ++i) {
    if (id == root) return true;
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const MountInfo& entry) { return entry.id == id; });
    if (found == table.end()) return false;
    id = found->parent;
  }
  return false;
}

void cover(const std::string& path) {
  check(::mount("tmpfs", path.c_str(), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                "nr_inodes=1"),
        "cover", path);
}

void hide(const std::string& path) {
  // The host must not lose what this namespace lets go of.
  const bool slave = ::mount("", path.c_str(), "", MS_SLAVE | MS_REC, "") == 0;
  if (slave && ::umount2(path.c_str(), MNT_DETACH) == 0) return;
  // It went with a mount that it was below, or it is locked by a more privileged user namespace.
  if (errno == ENOENT || (errno == EINVAL && !slave)) return;
  if (errno != EINVAL && errno != EPERM) throw_errno("unmount", path);
  cover(path);
}

}  // namespace

std::vector<MountInfo> parse_mountinfo(std::string_view text) {
  constexpr size_t kMountPoint = 4;
  constexpr std::string_view kSeparator = " - ";
  std::vector<MountInfo> table;
  for (const std::string_view line : split(text, '\n')) {
    const size_t end = line.find(kSeparator);
    if (end == std::string_view::npos) continue;
    const std::vector<std::string_view> fields = split(line.substr(0, end), ' ');
    if (fields.size() <= kMountPoint) continue;
    const std::string_view type = split(line.substr(end + kSeparator.size()), ' ').front();
    table.push_back({.id = parse_u64(fields[0]).value_or(0),
                     .parent = parse_u64(fields[1]).value_or(0),
                     .mount_point = unescape(fields[kMountPoint]),
                     .type = std::string(type)});
  }
  return table;
}

uint64_t mount_id(const Fd& fd) {
  struct statx status {};
  check(::statx(fd.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &status), "statx");
  return status.stx_mnt_id;
}

std::vector<std::string> procfs_and_sysfs_outside(const std::vector<MountInfo>& table,
                                                  uint64_t root) {
  std::vector<std::string> found;
  for (const MountInfo& mount : table) {
    if (mount.type != "proc" && mount.type != "sysfs") continue;
    if (!is_in_tree(table, mount, root)) found.push_back(mount.mount_point);
  }
  return found;
}

void hide_host_mounts(const RootDir& root) {
  const Doing doing("hide the host's mounts");
  const std::vector<MountInfo> table = parse_mountinfo(read_file("/proc/self/mountinfo"));
  for (const std::string& path : procfs_and_sysfs_outside(table, mount_id(root.fd()))) hide(path);
}

}  // namespace gocker
