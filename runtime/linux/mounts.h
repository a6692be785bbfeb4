// The mounts of a container, by descriptor only: each is made detached (fsopen or open_tree), gets
// its attributes while nobody can see it, and is then moved onto a target that was resolved below
// the root (config.md, "Mounts"; CVE-2021-30465, CVE-2019-19921).
#pragma once

#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"
#include "runtime/linux/detached_mount.h"

namespace gocker {

// One mount of a container, in order. What needs the host's rights or view is made by the launcher
// and travels as `prepared`.
struct MountStep {
  oci::Mount mount;
  Fd prepared;  // a detached mount, or none: init makes it
  // Becomes read-only only after the later steps have made their targets in it (the tmpfs that
  // holds a container's cgroup v1 hierarchies).
  bool readonly_at_end = false;
  // Known beforehand of a bind: otherwise the source is looked at.
  bool is_directory = false;
};
struct LinkStep {  // made after all mounts: cpu -> cpu,cpuacct
  std::string path;
  std::string target;
};
struct MountPlan {
  std::vector<MountStep> mounts;
  std::vector<LinkStep> links;
};

// In the launcher: opens, as detached mounts, the sources that init couldn't reach or make itself
// (a bind source behind folders that the container's root may not enter, idmapped mounts). Relative
// sources start at `bundle`. `user_namespace`: the container has one of its own, described by the
// mappings.
void prepare_mounts(MountPlan& plan, const std::string& bundle, const oci::Linux& linux_config,
                    bool user_namespace);

// In init, before the pivot: makes and attaches every mount below `root`. Destinations on /proc and
// /sys must be real directories of the root. `mount_label` is an SELinux context or empty.
// Returns the mount at /dev where it is to be read-only, else nothing: the caller makes it so when
// the devices stand (set_mount_attributes).
[[nodiscard]] Fd apply_mounts(const MountPlan& plan, const RootDir& root, const std::string& bundle,
                              const std::string& mount_label);

}  // namespace gocker
