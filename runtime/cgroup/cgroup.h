// The control groups of a container, alike on cgroup v1, v2 and hybrid hosts (config-linux.md,
// "Control groups").
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/cgroup_paths.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {

// A part of the container's mount of type "cgroup".
struct CgroupMount {
  // The directory below the mount's destination; empty: the destination itself.
  std::string controllers;
  std::string source;  // the host's directory to bind; empty: a tmpfs (mode 0755)
  // Symlinks beside it that lead to it: {"cpu", "cpuacct"} for cpu,cpuacct.
  std::vector<std::string> links;
  bool operator==(const CgroupMount&) const = default;
};
enum class CgroupNamespace { host, own };

class Cgroup {
 public:
  // Takes over groups as recorded; they need not exist yet.
  explicit Cgroup(CgroupPaths paths) : paths_(std::move(paths)) {}

  // Makes what is missing. What this call made is removed again by undo(); groups that were there
  // before are joined and left standing (paths() says which). An error where a group is frozen.
  // v2: `first`, unless 0, is moved into it from the group above, which could hand no controllers
  // down with a process in it.
  void create(pid_t first = 0);
  void undo() noexcept;

  // For a new container, also where linux.resources is absent. First all limits, before a process
  // is in; zeros that mean "unset" to the engines are left alone. Then the device rules, which deny
  // what neither they nor the default devices allow: v1's with the limits, v2's by
  // filter_devices(), which takes half a millisecond of the kernel's and so may run beside a
  // process that is in, as long as nothing of the container runs. Errors name the JSON path and the
  // file.
  void apply(const oci::Resources& resources) const;
  void filter_devices(const oci::Resources& resources) const;
  // For a running one: only what is set. Device rules, where there are any, take the place of the
  // ones before at once.
  void update(const oci::Resources& resources);

  // v2: the container may manage groups below its own one ("Cgroup ownership"): to be called where
  // it has a new cgroup namespace and a writable mount of its groups. `owner` is the host's user id
  // of process.user. Nothing happens on v1, where that would be unsafe, and to foreign groups.
  void give_to(uid_t owner);

  // The v2 directory for CLONE_INTO_CGROUP; invalid where no cgroup2 is mounted.
  const Fd& unified_directory() const;
  // The v2 directory that a process of the container is in: where it runs groups of its own, none
  // can be cloned into its top group (EBUSY). Invalid where that is not below the top group.
  Fd unified_directory_of(pid_t pid) const;
  // v1: each hierarchy's tasks file, open for writing: the process itself writes "0" into them
  // before it has threads, which spares the RCU wait of cgroup.procs.
  std::vector<Fd> open_tasks_files() const;

  std::vector<pid_t> pids() const;  // of the groups below it, too
  void freeze();
  void thaw();
  bool is_frozen() const;
  // Sends the signal to all that is in groups of the container's own. SIGKILL goes by cgroup.kill
  // where there is one, and reaches frozen processes; it does not wait for their end.
  void kill_all(int signal);
  // Removes the container's own groups, with those that it made below. Waits up to two seconds for
  // dying processes; an error names those that live on. What is absent is fine.
  void remove();
  // For groups that systemd made: it removes them itself once nobody is in them, and would take its
  // unit for active for ever if they were gone before it could look. The same as remove() where it
  // does not within two seconds.
  void await_removal();

  // How the container's own mount of type "cgroup" is made up, in order. Binds alone: inside a
  // cgroup namespace a bind of the container's group can't be told from a new mount, and costs
  // less.
  std::vector<CgroupMount> mounts(CgroupNamespace cgroup_namespace) const;

  const CgroupPaths& paths() const { return paths_; }

 private:
  Filesystem filesystem() const;
  const GroupDirectory& unified_group() const;
  void apply_first_device_rules(const std::vector<oci::DeviceRule>& rules) const;

  CgroupPaths paths_;
  mutable std::optional<GroupDirectory> unified_;  // opened once
  bool is_planned_here_ = false;                   // from the table of mounts, not from a record
  std::vector<std::string> created_;               // directories, outermost first
};

}  // namespace gocker
