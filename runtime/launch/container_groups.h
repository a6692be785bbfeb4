// The control groups of a container while it is created, by whoever makes them.
#pragma once

#include <optional>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/systemd_scope.h"

namespace gocker {

// Who makes the control groups; disabled: the container stays in those of the runtime.
enum class CgroupManager { cgroupfs, systemd, disabled };

struct GroupPlan {
  CgroupManager manager = CgroupManager::cgroupfs;
  CgroupPaths paths;
  std::optional<ScopeName> scope;  // of systemd's manager alone
};
// Errors name /linux/cgroupsPath.
GroupPlan plan_groups(CgroupManager manager, const std::string& cgroups_path,
                      const std::string& id);

class ContainerGroups {
 public:
  // Both must outlive the object.
  ContainerGroups(const GroupPlan& plan, const oci::Spec& spec)
      : plan_(plan), spec_(spec), cgroup_(plan.paths) {}

  // The groups stand, and the limits, when this returns.
  void make(const std::string& id);
  // To be called once the container's first process is in, and its program does not run.
  void enter();
  // To be called before the container is said to be made: what systemd was told has come to pass.
  void finish();

  Cgroup& cgroup() { return cgroup_; }

 private:
  void make_scope(const std::string& id);
  void set_limits(const oci::Resources& resources);

  const GroupPlan& plan_;
  const oci::Spec& spec_;
  Cgroup cgroup_;
  SystemdScope scope_;
};

}  // namespace gocker
