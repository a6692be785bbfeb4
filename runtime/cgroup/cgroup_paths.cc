#include "runtime/cgroup/cgroup_paths.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kField = "/linux/cgroupsPath: ";

void refuse_systemd_form(const std::string& path) {
  if (std::count(path.begin(), path.end(), ':') != 2 || path.find('/') != std::string::npos) return;
  throw Error(std::string(kField) + json_quote(path) +
              ": this form is for groups that systemd manages, which is not supported: "
              "give a path such as /parent/name");
}

// "//user/./c1/" -> "/user/c1"
std::string normalize(const std::string& path) {
  std::string normal;
  for (const std::string_view component : split(path, '/')) {
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      throw Error(std::string(kField) + json_quote(path) + ": must not contain \"..\"");
    }
    normal.append("/").append(component);
  }
  if (normal.empty()) {
    throw Error(std::string(kField) + json_quote(path) +
                ": is the root group: a container needs one of its own");
  }
  return normal;
}

std::string below(const std::string& mount_point, const std::string& path) {
  return mount_point == "/" ? path : mount_point + path;
}

}  // namespace

const CgroupPaths::Hierarchy* CgroupPaths::find(std::string_view controller) const {
  for (const Hierarchy& hierarchy : hierarchies) {
    if (names_controller(hierarchy.controllers, controller)) return &hierarchy;
  }
  return nullptr;
}

CgroupPaths plan_cgroups(const std::string& cgroups_path, const std::string& id,
                         const CgroupHost& host) {
  refuse_systemd_form(cgroups_path);
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
