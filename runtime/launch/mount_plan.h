// The mounts of config.json as steps: a mount of type "cgroup" stands for several.
#pragma once

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/linux/mounts.h"

namespace gocker {

MountPlan plan_mounts(const oci::Spec& spec, const Cgroup& cgroup);

}  // namespace gocker
