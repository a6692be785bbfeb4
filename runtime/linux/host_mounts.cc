#include "runtime/linux/host_mounts.h"

#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
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

bool is_at_or_below(std::string_view path, std::string_view root) {
  if (!path.starts_with(root)) return false;
  return path.size() == root.size() || root == "/" || path[root.size()] == '/';
}

std::string path_of(const RootDir& root) {
  std::array<char, PATH_MAX> path;
  const std::string link = descriptor_path(root.fd());
  const ssize_t length =
      check(::readlink(link.c_str(), path.data(), path.size()), "readlink", link);
  return {path.data(), static_cast<size_t>(length)};
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

std::vector<std::string> procfs_and_sysfs_mounts(std::string_view mountinfo,
                                                 std::string_view root) {
  constexpr size_t kMountPoint = 4;
  constexpr std::string_view kSeparator = " - ";
  std::vector<std::string> found;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const size_t end = line.find(kSeparator);
    if (end == std::string_view::npos) continue;
    const std::string_view type = split(line.substr(end + kSeparator.size()), ' ').front();
    if (type != "proc" && type != "sysfs") continue;
    const std::vector<std::string_view> fields = split(line.substr(0, end), ' ');
    if (fields.size() <= kMountPoint) continue;
    std::string path = unescape(fields[kMountPoint]);
    if (!is_at_or_below(path, root)) found.push_back(std::move(path));
  }
  return found;
}

void hide_host_mounts(const RootDir& root) {
  const Doing doing("hide the host's mounts");
  const std::vector<std::string> paths =
      procfs_and_sysfs_mounts(read_file("/proc/self/mountinfo"), path_of(root));
  for (const std::string& path : paths) hide(path);
}

}  // namespace gocker
