// Applies linux.resources, but for the device rules (device_rules.h), to a container's groups: each
// controller where this host has it, in a v1 hierarchy or in the unified one.
#pragma once

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup_paths.h"

namespace gocker {

// What is asked for and can't be had is an error that names the JSON path:
// "/linux/resources/memory/limit: no memory controller on this host".
void apply_limits(const CgroupPaths& paths, const oci::Resources& resources);

}  // namespace gocker
