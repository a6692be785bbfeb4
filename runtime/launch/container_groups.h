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

// Whether a container must do without control groups that the caller may not make, where no
// cgroupsPath is asked for: where it is not root of the host, unless somebody says so.
enum class Rootless { automatic, yes, no };

struct GroupWishes {
  CgroupManager manager = CgroupManager::cgroupfs;
  Rootless rootless = Rootless::automatic;
  std::string cgroups_path;
  std::string id;
};
struct GroupPlan {
  GroupWishes wishes;
  CgroupPaths paths;
  std::optional<ScopeName> scope;  // of systemd's manager alone
};
// Errors name /linux/cgroupsPath.
GroupPlan plan_groups(const GroupWishes& wishes);

class ContainerGroups {
 public:
  // Both must outlive the object.
  ContainerGroups(const GroupPlan& plan, const oci::Spec& spec)
      : plan_(plan), spec_(spec), cgroup_(plan.paths) {}
  ContainerGroups(const ContainerGroups&) = delete;
  ContainerGroups& operator=(const ContainerGroups&) = delete;
  // Waits until systemd has taken away again what was not finished; nobody may be in it by then.
  ~ContainerGroups();

  // The groups stand, and the limits, when this returns.
  void make();
  // Whether the first process can't be born in the groups, but must be moved in.
  bool are_closed() const { return are_closed_; }
  void move_in(pid_t init) { scope_.move_in(init); }
  // To be called once the container's first process is in, and its program does not run.
  void enter();
  // To be called before the container is said to be made: what systemd was told has come to pass.
  void finish();

  Cgroup& cgroup() { return cgroup_; }

 private:
  void make_groups();
  void make_scope();
  void set_limits(const oci::Resources& resources);

  const GroupPlan& plan_;
  const oci::Spec& spec_;
  Cgroup cgroup_;
  SystemdScope scope_;
  bool are_closed_ = false;
};

}  // namespace gocker
