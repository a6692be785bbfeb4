// The agent that decides on system calls of a container (config-linux.md, listenerPath and
// "The Container Process State").
#pragma once

#include "oci-spec/runtime_spec.h"
#include "oci-spec/state.h"
#include "runtime/base/fd.h"

namespace gocker {

// Connects to seccomp.listenerPath and sends the container process state with the listener.
void send_seccomp_listener(const oci::Seccomp& seccomp, const Fd& listener, pid_t pid,
                           const oci::State& state);

}  // namespace gocker
