// linux.resources as control files of cgroup v2. What v2 has no counterpart for is an error that
// names the field, unless its value asks for nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/resources_v1.h"
#include "runtime/cgroup/settings.h"

namespace gocker {

// What the group's files say before.
struct MemoryBefore {
  uint64_t usage = 0;             // bytes: memory.current
  std::optional<uint64_t> limit;  // bytes: memory.max; nothing for "max"
};

// memory.swap counts memory and swap together, memory.swap.max swap alone. The reservation becomes
// memory.low (-1: no protection).
Settings memory_settings_v2(const oci::MemoryResources& memory, const MemoryBefore& before);
// `quota_before` is the first word of cpu.max, which a new period alone must repeat.
Settings cpu_settings_v2(const oci::CpuResources& cpu, const std::string& quota_before);
Settings io_settings_v2(const oci::BlockIoResources& io, IoScheduler scheduler);
Settings hugetlb_settings_v2(const std::vector<oci::HugepageLimit>& limits);
// linux.resources.unified; what has several lines is written line by line.
Settings unified_settings(const oci::StringMap& unified);
// The controller that a file of v2 belongs to: "memory" for memory.high.
std::string controller_of_file(const std::string& file);

// cpu.shares (2 to 262144, 1024 by default) to cpu.weight (1 to 10000, 100 by default), by a curve
// through the ends and the defaults.
uint64_t cpu_weight_of_shares(uint64_t shares);
// blkio.weight (10 to 1000) to io.weight (1 to 10000), linear. An error outside of the range.
uint64_t io_weight_of_blkio_weight(uint16_t weight, const std::string& origin);

}  // namespace gocker
