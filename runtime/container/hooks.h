// Hooks (config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle").
#pragma once

#include <vector>

#include "oci-spec/runtime_spec.h"
#include "oci-spec/state.h"

namespace gocker {

// Runs them in order, the state on their stdin. The first one that fails, is killed or takes longer
// than its timeout ends it with an Error: "createRuntime hook /usr/bin/x: exit code 3: last words".
// `kind` is the name in config.json.
void run_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const oci::State& state);

// The same, but a failure is only logged and the next hook still runs (poststop).
void run_hooks_despite_failures(const std::vector<oci::Hook>& hooks, const char* kind,
                                const oci::State& state);

}  // namespace gocker
