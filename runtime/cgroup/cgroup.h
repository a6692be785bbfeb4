// The control groups of a container, alike on cgroup v1, v2 and hybrid hosts (config-linux.md,
// "Control groups").
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// Where a container's groups are: one directory a hierarchy. It is recorded in the state before
// anything is made, so that `delete --force` finds it after a SIGKILL.
struct CgroupPaths {
  struct Hierarchy {
    std::string controllers;  // "cpu,cpuacct", "name=systemd"; empty: the unified hierarchy (v2)
    std::string directory;    // absolute on the host: /sys/fs/cgroup/cpu/user/c1
    bool operator==(const Hierarchy&) const = default;
  };
  std::vector<Hierarchy> hierarchies;
  bool operator==(const CgroupPaths&) const = default;

  const Hierarchy* find(std::string_view controller) const;  // "memory"; "" for unified
};

// The groups for linux.cgroupsPath: absolute ones start at the hierarchy's root, relative ones and
// the default ("/ID") at the root as well, as in runc. An error for "..". The mounts are those of
// /proc/self/mountinfo, private mount namespaces included.
CgroupPaths plan_cgroups(const std::string& cgroups_path, const std::string& id);

// Where a container may be seen from inside its mount of type "cgroup".
struct CgroupMount {
  std::string controllers;  // a name below /sys/fs/cgroup; empty: mounted there itself (pure v2)
  std::string source;       // the host directory to bind, where there is no cgroup namespace
  std::vector<std::string> links;  // v1: {"cpu", "cpuacct"} for cpu,cpuacct
};

class Cgroup {
 public:
  // Takes over existing groups, as recorded.
  explicit Cgroup(CgroupPaths paths) : paths_(std::move(paths)) {}

  // Makes what is missing. What this call made is removed again by undo(); groups that were there
  // before are joined and left standing.
  void create();
  void undo() noexcept;

  // Limits. Everything is optional; errors name the file and the JSON path. Called before a
  // process is in, with the device rules; `update` calls it for the fields that are set.
  void apply(const oci::Resources& resources);

  // The v2 directory for CLONE_INTO_CGROUP; invalid where no cgroup2 is mounted.
  Fd unified_directory() const;
  // v1: each hierarchy's tasks file, open for writing: the process itself writes "0" into them
  // before it has threads, which spares the RCU wait of cgroup.procs.
  std::vector<Fd> open_tasks_files() const;

  std::vector<pid_t> pids() const;  // of the groups below it, too
  void freeze();
  void thaw();
  bool is_frozen() const;
  // SIGKILL to all that is in it, by cgroup.kill where there is one, else freeze, kill, thaw.
  void kill_all(int signal);
  // rmdir, with the groups that the container made below. Waits briefly for dying processes.
  // What is absent is fine.
  void remove();

  // How the container's own mount of type "cgroup" is made up, in order.
  std::vector<CgroupMount> mounts() const;

  const CgroupPaths& paths() const { return paths_; }

 private:
  CgroupPaths paths_;
  std::vector<std::string> created_;
};

// The hierarchies of this host: which controllers are where. For `features` and `check`.
struct CgroupHost {
  struct Hierarchy {
    std::string controllers;  // as in CgroupPaths
    std::string mount_point;
    std::string root;  // field 4 of mountinfo: "/" but inside containers
  };
  std::vector<Hierarchy> hierarchies;
  bool unified_only() const;
};
const CgroupHost& cgroup_host();

}  // namespace gocker
