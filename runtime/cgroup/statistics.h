// What a container has used, as its control groups count it. What this host does not count stays
// empty or zero.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/cgroup/cgroup_paths.h"

namespace gocker {

// Pressure stall information (Documentation/accounting/psi.rst): shares in percent, total in
// microseconds.
struct PressureLine {
  double avg10 = 0;
  double avg60 = 0;
  double avg300 = 0;
  uint64_t total = 0;
};
struct Pressure {
  PressureLine some;
  PressureLine full;
};

struct CpuStatistics {  // nanoseconds
  uint64_t total = 0;
  uint64_t user = 0;
  uint64_t kernel = 0;
  std::vector<uint64_t> per_cpu;  // v1 only
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
  uint64_t throttled_time = 0;
  std::optional<Pressure> pressure;
};

struct MemoryCounter {  // bytes
  uint64_t limit = 0;   // the largest number where there is none
  uint64_t usage = 0;
  uint64_t max = 0;
  uint64_t fail_count = 0;
};

struct MemoryStatistics {
  uint64_t cache = 0;
  MemoryCounter usage;
  MemoryCounter swap;  // with the memory on v1, alone on v2
  MemoryCounter kernel;
  MemoryCounter kernel_tcp;
  std::map<std::string, uint64_t> raw;  // memory.stat
  std::optional<Pressure> pressure;
};

struct IoEntry {
  uint64_t major = 0;
  uint64_t minor = 0;
  std::string operation;  // "Read"
  uint64_t value = 0;
};

struct CgroupStatistics {
  CpuStatistics cpu;
  std::string cpus;  // cpuset
  std::string mems;
  MemoryStatistics memory;
  uint64_t pids = 0;
  uint64_t pids_limit = 0;  // 0: none
  std::vector<IoEntry> io_bytes;
  std::vector<IoEntry> io_operations;
  std::optional<Pressure> io_pressure;
  std::map<std::string, MemoryCounter> hugetlb;  // by page size: "2MB"
};

CgroupStatistics read_statistics(const CgroupPaths& paths);

}  // namespace gocker
