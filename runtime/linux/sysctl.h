// Kernel parameters of the container's namespaces (config-linux.md, "Sysctl").
#pragma once

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// A procfs that nothing of the container can stand in the way of: mounted detached, for the
// caller's pid namespace, checked to be procfs (CVE-2025-52881). Opened before any mount of the
// container is made.
Fd open_private_procfs();

// Writes each below /proc/sys of `procfs`. Both "net.ipv4.ip_forward" and "net/ipv4/ip_forward".
void set_sysctls(const Fd& procfs, const oci::StringMap& sysctls);

}  // namespace gocker
