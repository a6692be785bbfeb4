// Resource limits (config.md, "POSIX process", rlimits).
#pragma once

#include <sys/types.h>

#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// prlimit(2) on `pid` (0: the caller).
void set_rlimits(pid_t pid, const std::vector<oci::Rlimit>& rlimits);

// Leaves no core file of the calling program from now on: it would hold the configuration with its
// secrets. The list gets the limit as it was, for the process of the container, unless it has one.
void forbid_core_files(std::vector<oci::Rlimit>& rlimits);

// As much of it as a process may have that can't raise its hard limits.
oci::Rlimit grantable_rlimit(const oci::Rlimit& wanted);

}  // namespace gocker
