// Hooks (config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle").
#pragma once

#include <vector>

#include "oci-spec/runtime_spec.h"
#include "oci-spec/state.h"

namespace gocker {

// Annotations of crun's: files of the host that what hooks print on stdout and stderr is added to,
// once each has ended. Not for startContainer, which runs among the container's own files.
inline constexpr char kHooksStdout[] = "run.oci.hooks.stdout";
inline constexpr char kHooksStderr[] = "run.oci.hooks.stderr";

// Runs them in order, the state on their stdin. The first one that fails, is killed or takes longer
// than its timeout ends it with an Error: "createRuntime hook /usr/bin/x: exit code 3: last words".
// `kind` is the name in config.json.
void run_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const oci::State& state);

// The same, but a failure is only logged and the next hook still runs (poststop).
void run_hooks_despite_failures(const std::vector<oci::Hook>& hooks, const char* kind,
                                const oci::State& state);

}  // namespace gocker
