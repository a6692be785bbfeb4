// Device nodes and the customary links below /dev (config-linux.md, "Devices", "Default Devices";
// runtime-linux.md, "Dev symbolic links").
#pragma once

#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// null, zero, full, random, urandom, tty.
const std::vector<oci::Device>& default_devices();

// In the launcher, where the container has a user namespace of its own and can't mknod(2): detached
// clones of the host's nodes, in the order of default_devices() and then `devices`.
std::vector<Fd> open_host_devices(const std::vector<oci::Device>& devices);

// In init, before the switch of roots: the nodes (made, or the clones of `host_devices` attached
// where there are some) and the links fd, stdin, stdout, stderr, core and ptmx. Nothing of an image
// in /dev is followed: an existing entry of another kind is replaced below the root's own /dev
// (CVE-2026-41579).
void create_devices(const RootDir& root, const std::vector<oci::Device>& devices,
                    const std::vector<Fd>& host_devices);

}  // namespace gocker
