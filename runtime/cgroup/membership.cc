#include "runtime/cgroup/membership.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

bool may_write_list_of(const std::string& group) {
  return ::faccessat(AT_FDCWD, (group + "/cgroup.procs").c_str(), W_OK, AT_EACCESS) == 0;
}

}  // namespace

std::string group_of(std::string_view proc_cgroup, std::string_view controllers) {
  for (const std::string_view line : split(proc_cgroup, '\n')) {
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controllers) {
      return std::string(line.substr(second + 1));
    }
  }
  return {};
}

// What of the hierarchy is mounted need not be its root: in a container it is a group below.
std::string directory_of(const CgroupHost::Hierarchy& hierarchy, std::string group) {
  if (hierarchy.root.size() > 1 && group.starts_with(hierarchy.root)) {
    group.erase(0, hierarchy.root.size());
  }
  return hierarchy.mount_point + (group == "/" ? "" : group);
}

std::string unified_directory_of(pid_t pid, const CgroupHost& host) {
  const CgroupHost::Hierarchy* unified = host.find("");
  const std::string path = "/proc/" + std::to_string(pid) + "/cgroup";
  const Fd file = open_if_exists(path, O_RDONLY);
  if (unified == nullptr || !file) return {};
  const std::string group = group_of(read_all(file, path), "");
  return group.empty() ? std::string() : directory_of(*unified, group);
}

std::string directory_above_both(const std::string& one, const std::string& other) {
  const auto [end, _] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  const auto same = static_cast<size_t>(end - one.begin());
  const auto ends_name = [same](const std::string& path) {
    return path.size() == same || path[same] == '/';
  };
  if (ends_name(one) && ends_name(other)) return one.substr(0, same);
  const size_t slash = one.rfind('/', same == 0 ? 0 : same - 1);
  return slash == std::string::npos ? std::string() : one.substr(0, slash);
}

bool may_move(const std::string& from, const std::string& to) {
  return may_write_list_of(to) && may_write_list_of(directory_above_both(from, to));
}

}  // namespace gocker
