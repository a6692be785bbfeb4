// System call filters (config-linux.md, "Seccomp").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// A filter ready to be loaded: the BPF instructions in a memfd, and seccomp(2)'s flags.
struct SeccompProgram {
  Fd bpf;
  uint32_t flags = 0;
  bool notify = false;  // loading it yields a listener
};

// In the launcher, while init mounts: compiled with libseccomp. Unknown system calls are skipped,
// as profiles name those of many kernels; unknown architectures, flags and actions are errors.
SeccompProgram compile_seccomp(const oci::Seccomp& seccomp);

// In init. Needs no_new_privs or CAP_SYS_ADMIN. Returns the listener where the program notifies.
Fd load_seccomp(const SeccompProgram& program);

}  // namespace gocker
