#include "runtime/cgroup/delegated.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "runtime/base/file.h"
#include "runtime/cgroup/membership.h"

namespace gocker {
namespace {

bool may_write(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

// A process can only be moved where its group's list of processes may be written to.
bool may_make_groups_in(const std::string& directory) {
  return may_write(directory) && may_write(directory + "/cgroup.procs");
}

// "/user.slice/x" -> "/user.slice"; "" for a group right below the root, and for the root itself.
std::string group_above(const std::string& group) {
  const size_t slash = group.rfind('/');
  return slash == std::string::npos ? "" : group.substr(0, slash);
}

std::vector<std::string> candidates(const CgroupHost::Hierarchy& hierarchy,
                                    const std::string& group) {
  std::string own = directory_of(hierarchy, group);
  if (!hierarchy.controllers.empty() || group == "/") return {std::move(own)};
  return {directory_of(hierarchy, group_above(group)), std::move(own)};
}

}  // namespace

CgroupPaths plan_delegated_cgroups(const std::string& id, const CgroupHost& host) {
  const std::string listing = read_file("/proc/self/cgroup");
  CgroupPaths paths;
  for (const CgroupHost::Hierarchy& hierarchy : host.hierarchies) {
    const std::string group = group_of(listing, hierarchy.controllers);
    if (group.empty()) continue;
    for (const std::string& above : candidates(hierarchy, group)) {
      if (!may_make_groups_in(above)) continue;
      std::string directory = above;
      directory.append("/").append(id);
      const bool owned = ::access(directory.c_str(), F_OK) != 0;
      paths.hierarchies.push_back({hierarchy.controllers, std::move(directory), owned});
      break;
    }
  }
  return paths;
}

}  // namespace gocker
