// Device rules on cgroup v2: a BPF program on the group, which the kernel asks at every open and
// mknod of a device (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE; kernel 4.15).
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {

// The program for the decisions: the last one that fits counts, for each kind of access by itself.
std::vector<bpf_insn> compile_device_filter(const std::vector<DeviceDecision>& decisions);

// Attaches it. A filter that was attached here before is replaced in one step; what others
// attached stays, and may deny more. A group that was just made has nothing attached.
void attach_device_filter(const GroupDirectory& group, const std::vector<DeviceDecision>& decisions,
                          Attached attached);

}  // namespace gocker
