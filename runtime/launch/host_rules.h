// What this host must offer for a configuration, as far as it can be told before anything is made.
// `create` and `check` ask the same.
#pragma once

#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// The root filesystem's absolute path without symlinks. Relative ones start at the bundle.
std::string find_rootfs(const oci::Spec& spec, const std::string& bundle);

// Whether the container's mounts are made in the runtime's mount namespace: none is asked for.
bool shares_mount_namespace(const oci::Linux& config);
// Warns of that; throws where another user namespace makes it impossible.
void check_mount_namespace(const oci::Linux& config);

// The filter compiles, and this kernel has what it asks for.
void require_seccomp(const oci::Seccomp& seccomp);

// The program is in the root filesystem. Nothing is said of one that a mount may bring along, nor
// where `rootfs` is not open.
void require_program(const oci::Process& process, const std::vector<oci::Mount>& mounts,
                     const RootDir& rootfs);

}  // namespace gocker
