#include "runtime/base/text.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {
namespace {

// "name=systemd" -> "systemd"
std::string mounted_name(const CgroupPaths::Hierarchy& hierarchy) {
  constexpr std::string_view kNamed = "name=";
  if (hierarchy.controllers.empty()) return "unified";
  return hierarchy.controllers.starts_with(kNamed) ? hierarchy.controllers.substr(kNamed.size())
                                                   : hierarchy.controllers;
}

std::vector<std::string> links_of(const CgroupPaths::Hierarchy& hierarchy) {
  std::vector<std::string> links;
  const std::vector<std::string_view> names = split(hierarchy.controllers, ',');
  if (names.size() > 1) links.assign(names.begin(), names.end());
  return links;
}

std::string mount_root_of(const std::string& directory) {
  const std::vector<GroupDirectory> above = groups_above(GroupDirectory::open(directory));
  return above.empty() ? directory : above.front().path();
}

}  // namespace

std::vector<CgroupMount> Cgroup::mounts(CgroupNamespace cgroup_namespace) const {
  if (paths_.unified_only()) {
    const std::string& own = paths_.hierarchies.front().directory;
    // Without a namespace, /proc/self/cgroup names the group from the host's root: so that a
    // program can find it, the host's tree is what it sees.
    return {{.controllers = {},
             .source = cgroup_namespace == CgroupNamespace::own ? own : mount_root_of(own),
             .links = {}}};
  }
  std::vector<CgroupMount> mounts{{}};
  for (const CgroupPaths::Hierarchy& hierarchy : paths_.hierarchies) {
    mounts.push_back({.controllers = mounted_name(hierarchy),
                      .source = hierarchy.directory,
                      .links = links_of(hierarchy)});
  }
  return mounts;
}

}  // namespace gocker
