#include "runtime/cgroup/controllers.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"

namespace gocker {
namespace {

constexpr const char* kAvailable = "cgroup.controllers";
constexpr const char* kHandedDown = "cgroup.subtree_control";

std::vector<std::string> read_names(const GroupDirectory& group, const char* file) {
  const std::string content = group.read_record(file);
  std::vector<std::string> names;
  for (const std::string_view name : split(trim(content), ' ')) {
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void hand_down_what_is_missing(const GroupDirectory& group) {
  const std::vector<std::string> handed_down = read_names(group, kHandedDown);
  std::vector<std::string> missing;
  for (const std::string& name : read_names(group, kAvailable)) {
    if (!contains(handed_down, name)) missing.push_back("+" + name);
  }
  if (missing.empty() || group.try_write(kHandedDown, join(missing, " ")) == 0) return;
  // One that is refused spoils the whole write: cpu is, while real-time processes run.
  for (const std::string& name : missing) {
    if (group.try_write(kHandedDown, name) == EBUSY) return;
  }
}

}  // namespace

void hand_down_all_controllers(const GroupDirectory& group) {
  for (const GroupDirectory& above : groups_above(group)) hand_down_what_is_missing(above);
}

bool hand_down_controller(const GroupDirectory& group, const std::string& controller) {
  if (contains(read_names(group, kAvailable), controller)) return true;
  const std::vector<GroupDirectory> above = groups_above(group);
  if (above.empty() || !contains(read_names(above.front(), kAvailable), controller)) return false;
  for (const GroupDirectory& step : above) {
    if (contains(read_names(step, kHandedDown), controller)) continue;
    const std::string value = "+" + controller;
    const int code = step.try_write(kHandedDown, value);
    if (code == 0) continue;
    if ((code == EACCES || code == EPERM) && !is_host_root()) return false;  // it is not delegated
    const char* hint = code == EBUSY ? ": processes are in that group, so it can't limit groups "
                                       "below it (give a cgroupsPath below another one)"
                                     : "";
    throw_write_failure(code, step, kHandedDown, value, {}, hint);
  }
  return true;
}

std::optional<GroupDirectory> open_v1_group(const CgroupPaths& paths, std::string_view controller) {
  const CgroupPaths::Hierarchy* hierarchy = paths.find(controller);
  if (hierarchy == nullptr) return std::nullopt;
  return GroupDirectory::open(hierarchy->directory);
}

std::string no_controller(std::string_view controller) {
  std::string text = "no " + std::string(controller) + " controller on this host";
  if (is_host_root()) return text;
  return text + " that this user may limit with (leave the limit out, or run in a delegated group)";
}

GroupDirectory open_unified_group(const CgroupPaths& paths, const std::string& controller,
                                  const std::string& origin) {
  const Doing doing(origin.c_str());
  if (const CgroupPaths::Hierarchy* unified = paths.find("")) {
    GroupDirectory group = GroupDirectory::open(unified->directory);
    if (hand_down_controller(group, controller)) return group;
  }
  throw Error(no_controller(controller));
}

}  // namespace gocker
