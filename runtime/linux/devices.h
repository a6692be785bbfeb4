// Device nodes and the customary links below /dev (config-linux.md, "Devices", "Default Devices";
// runtime-linux.md, "Dev symbolic links").
#pragma once

#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// A container that binds its own /dev gets nothing of this: what is there belongs to somebody else.
bool needs_devices(const std::vector<oci::Mount>& mounts);

// null, zero, full, random, urandom, tty.
const std::vector<oci::Device>& default_devices();

// In the launcher, where the container has a user namespace of its own and can't mknod(2): detached
// clones of the host's own nodes at the same paths, with the host's modes and owners; in the order
// of default_devices() and then `devices`, FIFOs left out (anybody can make those).
std::vector<Fd> open_host_devices(const std::vector<oci::Device>& devices);

// In init, before the switch of roots: the nodes (made, or the clones of `host_devices` attached
// where there are some) and the links fd, stdin, stdout, stderr, core and ptmx. Everything is
// resolved below the root, and a link at a node's own place is never followed (CVE-2026-41579).
// Where something else stands in the place of a default device or of a link, it is replaced, but
// for directories and mount points, which somebody put there on purpose; in the place of one of
// `devices` it is an error.
void create_devices(const RootDir& root, const std::vector<oci::Device>& devices,
                    const std::vector<Fd>& host_devices);

}  // namespace gocker
