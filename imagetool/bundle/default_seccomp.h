// The system calls that a container gets unless it is given a profile of its own.
#pragma once

#include "oci-spec/runtime_spec.h"

namespace gocker {

// An allow list with the outcomes that programs know from Docker's default: what needs a capability
// that containers lack, or opens more of the kernel than programs use (new namespaces, keyrings,
// io_uring, bpf, perf), fails with EPERM; clone3 with ENOSYS, so that C libraries fall back to
// clone, whose flags a filter can see.
oci::Seccomp default_seccomp();

}  // namespace gocker
