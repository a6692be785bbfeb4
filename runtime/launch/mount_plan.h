// The mounts of config.json as steps: a mount of type "cgroup" stands for several.
#pragma once

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/linux/mounts.h"

namespace gocker {

MountPlan plan_mounts(const oci::Spec& spec, const Cgroup& cgroup);

// Whether it has a new cgroup namespace and a writable mount of its groups: what it takes to manage
// groups of one's own (config-linux.md, "Cgroup ownership").
bool can_manage_groups(const oci::Spec& spec);

}  // namespace gocker
