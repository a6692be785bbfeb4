#include "runtime/cgroup/cgroup_paths.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kField = "/linux/cgroupsPath";

// As in runc, "slice:prefix:name" without --systemd-cgroup is the name of a group: a kubelet and an
// engine that are set up for different managers meet that way.
void warn_of_systemd_form(const std::string& path) {
  if (std::count(path.begin(), path.end(), ':') != 2 || path.find('/') != std::string::npos) return;
  warn(kField, json_quote(path) +
                   " is the form for groups that systemd manages: taken as the name of a group");
}

// "//user/./c1/" -> "/user/c1"
std::string normalize(const std::string& path) {
  std::string normal;
  for (const std::string_view component : split(path, '/')) {
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      throw Error(std::string(kField) + ": " + json_quote(path) + ": must not contain \"..\"");
    }
    normal.append("/").append(component);
  }
  if (normal.empty()) {
    throw Error(std::string(kField) + ": " + json_quote(path) +
                ": is the root group: a container needs one of its own");
  }
  return normal;
}

std::string below(const std::string& mount_point, const std::string& path) {
  return mount_point == "/" ? path : mount_point + path;
}

bool has_controller(const CgroupPaths::Hierarchy& hierarchy, const std::string& controllers) {
  return controllers.empty() || hierarchy.controllers == controllers ||
         names_controller(hierarchy.controllers, controllers);
}

void enter_group_below(CgroupPaths& paths, const std::string& name) {
  const Doing doing("enter control group", name);
  const size_t colon = name.find(':');
  const std::string controllers = colon == std::string::npos ? "" : name.substr(0, colon);
  const std::string path = name.substr(colon == std::string::npos ? 0 : colon + 1);
  for (const std::string_view component : split(path, '/')) {
    if (component == "..") throw Error("must not contain \"..\"");
  }
  bool found = false;
  for (CgroupPaths::Hierarchy& hierarchy : paths.hierarchies) {
    if (!has_controller(hierarchy, controllers)) continue;
    std::string directory = hierarchy.directory + (path.starts_with('/') ? "" : "/") + path;
    if (::access(directory.c_str(), F_OK) != 0) continue;
    hierarchy.directory = std::move(directory);
    found = true;
  }
  if (!found) throw Error("the container has no such group");
}

}  // namespace

const CgroupPaths::Hierarchy* CgroupPaths::find(std::string_view controller) const {
  for (const Hierarchy& hierarchy : hierarchies) {
    if (names_controller(hierarchy.controllers, controller)) return &hierarchy;
  }
  return nullptr;
}

CgroupPaths groups_below(const CgroupPaths& paths, const std::vector<std::string>& names) {
  CgroupPaths below = paths;
  for (const std::string& name : names) enter_group_below(below, name);
  return below;
}

CgroupPaths plan_cgroups(const std::string& cgroups_path, const std::string& id,
                         const CgroupHost& host) {
  warn_of_systemd_form(cgroups_path);
  const std::string path = normalize(cgroups_path.empty() ? "/" + id : cgroups_path);
  if (host.hierarchies.empty()) {
    throw Error("no control group filesystem is mounted: mount a cgroup2 at /sys/fs/cgroup");
  }
  CgroupPaths paths;
  for (const CgroupHost::Hierarchy& hierarchy : host.hierarchies) {
    std::string directory = below(hierarchy.mount_point, path);
    const bool owned = ::access(directory.c_str(), F_OK) != 0;
    paths.hierarchies.push_back({hierarchy.controllers, std::move(directory), owned});
  }
  return paths;
}

}  // namespace gocker
