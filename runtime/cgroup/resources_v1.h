// linux.resources as control files of cgroup v1 (config-linux.md, "Memory" to "RDMA"). Zeros that
// engines send for "unset" yield nothing; an empty result means that nothing is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/settings.h"

namespace gocker {

// How the kernel's proportional disk scheduler names its files: blkio.weight, or blkio.bfq.weight.
enum class IoScheduler { plain, bfq };

Settings memory_settings_v1(const oci::MemoryResources& memory);
Settings cpu_settings_v1(const oci::CpuResources& cpu);
Settings io_settings_v1(const oci::BlockIoResources& io, IoScheduler scheduler);
Settings hugetlb_settings_v1(const std::vector<oci::HugepageLimit>& limits);
Settings network_class_settings(const oci::NetworkResources& network);
Settings network_priority_settings(const oci::NetworkResources& network);

// The same files in both versions.
Settings cpuset_settings(const oci::CpuResources& cpu);
Settings pids_settings(int64_t limit);
Settings rdma_settings(const std::map<std::string, oci::RdmaResources>& rdma);

// The name of a huge page size in a file name: "2MB". An error for anything else.
const std::string& checked_page_size(const oci::HugepageLimit& limit, const std::string& origin);

}  // namespace gocker
