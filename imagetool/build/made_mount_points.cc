#include "imagetool/build/made_mount_points.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

#include "imagetool/layer/attributes.h"
#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/copy.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel has it

std::deque<std::string> components(std::string_view path) {
  std::deque<std::string> parts;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

// An empty directory or file goes; anything else stays.
bool remove_if_empty(const Fd& directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (S_ISDIR(status.st_mode)) {
    return ::unlinkat(directory.get(), name.c_str(), AT_REMOVEDIR) == 0;
  }
  const bool is_empty_file = S_ISREG(status.st_mode) && status.st_size == 0;
  return is_empty_file && ::unlinkat(directory.get(), name.c_str(), 0) == 0;
}

bool is_as_below(const Fd& directory, const Fd& below) {
  const struct stat now = stat_fd(directory, "directory");
  const struct stat before = stat_fd(below, "directory");
  return S_ISDIR(before.st_mode) && now.st_mode == before.st_mode && now.st_uid == before.st_uid &&
         now.st_gid == before.st_gid;
}

}  // namespace

std::vector<std::string> missing_components(const RootDir& root, const std::string& destination) {
  std::vector<std::string> missing;
  std::string at;  // canonical
  int links = 0;
  std::deque<std::string> rest = components(destination);
  while (!rest.empty()) {
    const std::string name = rest.front();
    rest.pop_front();
    if (name == "..") {
      at = parent_of(at);
      continue;
    }
    const std::string path = std::string(at).append("/").append(name);
    const Fd found = missing.empty() ? open_canonical(root, path, O_PATH) : Fd();
    if (!found) {
      missing.push_back(path);
    } else if (S_ISLNK(stat_fd(found, path).st_mode)) {
      if (++links > kMaxLinks) throw_errno_value(ELOOP, "open", destination);
      const std::string target = read_link_target(found);
      if (target.starts_with('/')) at.clear();
      const std::deque<std::string> parts = components(target);
      rest.insert(rest.begin(), parts.begin(), parts.end());
      continue;
    }
    at = path;
  }
  return missing;
}

std::vector<std::string> made_mount_points(const RootDir& root, const std::string& config) {
  std::vector<std::string> paths;
  for (const oci::Mount& mount : oci::parse_spec(read_file(config), config).mounts) {
    for (std::string& path : missing_components(root, mount.destination)) {
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

void remove_made_mount_points(const std::vector<std::string>& paths, const Fd& changes,
                              LowerView& below) {
  const RootDir root(changes.duplicate());
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    std::string_view at = *path;
    Fd parent = open_canonical(root, parent_of(at), O_PATH | O_DIRECTORY);
    if (!parent || !remove_if_empty(parent, std::string(split_path(at).name))) continue;
    for (at = parent_of(at); !at.empty(); at = parent_of(at)) {
      const Fd directory = open_canonical(root, at, O_PATH | O_DIRECTORY);
      const Fd lower = below.find(at);
      if (!directory || !lower || !is_as_below(directory, lower)) break;
      parent = open_canonical(root, parent_of(at), O_PATH | O_DIRECTORY);
      if (!remove_if_empty(parent, std::string(split_path(at).name))) break;
    }
  }
}

}  // namespace gocker
