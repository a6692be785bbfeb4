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
  std::string subgroup;  // below systemd's scope; empty: the scope itself is the container's
};
struct GroupPlan {
  GroupWishes wishes;
  CgroupPaths paths;
  std::optional<ScopeName> scope;  // of systemd's manager alone
};
// Errors name /linux/cgroupsPath.
GroupPlan plan_groups(const GroupWishes& wishes);

// Who else is in the groups while the container's processes are made: CRIU, with helpers of its own
// that count against the limit of processes.
enum class Guest { none, criu };

class ContainerGroups {
 public:
  // Both must outlive the object.
  ContainerGroups(const GroupPlan& plan, const oci::Spec& spec, Guest guest)
      : plan_(plan), spec_(spec), guest_(guest), cgroup_(plan.paths) {}
  ContainerGroups(const ContainerGroups&) = delete;
  ContainerGroups& operator=(const ContainerGroups&) = delete;
  // Waits until systemd has taken away again what was not finished; nobody may be in it by then.
  ~ContainerGroups();

  // The groups stand when this returns, and the limits, but for that of processes where others are
  // in.
  void make();
  // Whether the first process can't be born in the groups, but must be moved in.
  bool are_closed() const { return are_closed_; }
  void move_in(pid_t init);
  // To be called once the container's first process is in, and its program does not run.
  void enter();
  // To be called before the container is said to be made, when no guest is in any more: all limits
  // hold, and what systemd was told has come to pass.
  void finish();

  Cgroup& cgroup() { return cgroup_; }

 private:
  void make_groups();
  void make_scope(const oci::Resources& resources);
  void set_limits(const oci::Resources& resources);
  bool others_are_in() const { return plan_.scope || guest_ != Guest::none; }
  void give_to_container();
  void settle();

  const GroupPlan& plan_;
  const oci::Spec& spec_;
  Guest guest_;
  Cgroup cgroup_;
  SystemdScope scope_;
  SystemdProperties told_;  // the limits that the scope was made with
  bool are_closed_ = false;
};

}  // namespace gocker
