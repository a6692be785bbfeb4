// What a configuration must leave out, or gets less of, where the runtime runs without root's
// rights.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// Throws where a container can't be made without root: no user namespace, mounts with mapped ids.
// What is merely less than asked for is changed in `spec` and warned of: limits beyond one's own
// hard ones, a devpts for a group that is not mapped.
void fit_to_ordinary_user(oci::Spec& spec);

// The limits alone, for a process of `exec`.
void fit_to_ordinary_user(oci::Process& process);

// Anybody may raise it, root alone can set it below what it was: without root that is warned of.
void set_oom_score_adj_if_allowed(pid_t pid, int32_t value);

}  // namespace gocker
