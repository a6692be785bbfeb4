// Resource limits (config.md, "POSIX process", rlimits).
#pragma once

#include <sys/types.h>

#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// prlimit(2) on `pid` (0: the caller).
void set_rlimits(pid_t pid, const std::vector<oci::Rlimit>& rlimits);

// As much of it as a process may have that can't raise its hard limits.
oci::Rlimit grantable_rlimit(const oci::Rlimit& wanted);

}  // namespace gocker
