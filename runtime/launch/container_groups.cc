#include "runtime/launch/container_groups.h"

#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"

namespace gocker {
namespace {

constexpr const char* kPidsFile = "pids.max";

// systemd's helper is in the group until the container is: the limit must have room for both.
oci::Resources without_pids_limit(oci::Resources resources) {
  resources.pids_limit.reset();
  resources.unified.erase(kPidsFile);
  return resources;
}

oci::Resources only_pids_limit(const oci::Resources& resources) {
  oci::Resources pids;
  pids.pids_limit = resources.pids_limit;
  const auto unified = resources.unified.find(kPidsFile);
  if (unified != resources.unified.end()) pids.unified.insert(*unified);
  return pids;
}

SystemdProperties properties_of_scope(const std::string& id, const oci::StringMap& annotations) {
  SystemdProperties properties = {
      {"Description", "s", {"gocker container " + id}},
      {"Delegate", "b", {"true"}},              // systemd leaves the groups below alone
      {"DefaultDependencies", "b", {"false"}},  // as for other runtimes' scopes
      {"CollectMode", "s", {"inactive-or-failed"}},
  };
  const SystemdProperties wanted = properties_of_annotations(annotations);
  properties.insert(properties.end(), wanted.begin(), wanted.end());
  return properties;
}

}  // namespace

GroupPlan plan_groups(CgroupManager manager, const std::string& cgroups_path,
                      const std::string& id) {
  GroupPlan plan{.manager = manager, .paths = {}, .scope = {}};
  if (manager == CgroupManager::cgroupfs) plan.paths = plan_cgroups(cgroups_path, id);
  if (manager == CgroupManager::systemd) {
    const SystemdInstance instance = own_systemd_instance();
    plan.scope = plan_scope(cgroups_path, id, instance);
    plan.paths = plan_scope_group(*plan.scope, instance, read_file("/proc/self/cgroup"));
  }
  return plan;
}

void ContainerGroups::make(const std::string& id) {
  const oci::Resources resources = spec_.linux_.resources.value_or(oci::Resources{});
  if (!plan_.scope) {
    cgroup_.create();
    return set_limits(resources);
  }
  make_scope(id);
  set_limits(without_pids_limit(resources));
}

void ContainerGroups::make_scope(const std::string& id) {
  scope_ = SystemdScope::start(*plan_.scope, own_systemd_instance(),
                               properties_of_scope(id, spec_.annotations));
  CgroupPaths paths = plan_.paths;
  const std::string& directory = paths.hierarchies.front().directory;
  if (!GroupDirectory::open_if_exists(directory)) {
    throw Error("systemd made " + plan_.scope->unit + ", but not at " + directory);
  }
  paths.hierarchies.front().owned = true;
  cgroup_ = Cgroup(std::move(paths));
}

void ContainerGroups::set_limits(const oci::Resources& resources) {
  if (plan_.manager != CgroupManager::disabled) return cgroup_.apply(resources);
  if (spec_.linux_.resources) {
    warn("/linux/resources", "not applied: control groups are disabled by --cgroup-manager");
  }
}

void ContainerGroups::enter() {
  if (!plan_.scope) return;
  if (spec_.linux_.resources) cgroup_.update(only_pids_limit(*spec_.linux_.resources));
  const std::string& directory = cgroup_.paths().hierarchies.front().directory;
  scope_.hand_over(limits_of_scope(GroupDirectory::open(directory), WhichLimits::changed));
}

void ContainerGroups::finish() {
  if (plan_.scope) scope_.finish();
}

}  // namespace gocker
