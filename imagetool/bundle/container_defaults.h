// What a container is like unless somebody says otherwise: as people know it from Docker.
#pragma once

#include "oci-spec/runtime_spec.h"

namespace gocker {

// Everything but what image and person decide (process, annotations, limits): new pid, network,
// ipc, uts, mount and cgroup namespaces; /proc, /dev, /dev/shm of 64 MiB, read-only /sys; the
// devices that programs expect; paths of the kernel that are masked or read-only; seccomp.
oci::Spec container_defaults();

// The 14 capabilities of a root process. What other users run has them in the bounding set only,
// as after an execve(2), so that set-user-id programs work.
oci::Capabilities default_capabilities(uint32_t uid);

}  // namespace gocker
