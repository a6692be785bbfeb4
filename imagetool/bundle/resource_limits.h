// What a container may take of the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "oci-spec/runtime_spec.h"

namespace gocker {

struct Limits {
  std::optional<int64_t> memory;              // bytes, as are the next two
  std::optional<int64_t> memory_swap;         // memory and swap together; -1: any amount
  std::optional<int64_t> memory_reservation;  // what it keeps where memory is short
  std::optional<int64_t> cpu_quota;           // microseconds of processor time in every period
  std::optional<uint64_t> cpu_period;         // microseconds
  std::optional<uint64_t> cpu_shares;
  std::string cpuset_cpus;      // processors that may be used: "0-2,7"
  std::string cpuset_mems;      // memory nodes, likewise
  std::optional<int64_t> pids;  // processes and threads; -1: any number
};

inline constexpr uint64_t kCpuPeriod = 100'000;  // microseconds

// Sets those that are there, and leaves the others as they are.
void apply_limits(const Limits& limits, oci::Resources& resources);

// "512m": a number of bytes with an optional b, k, m, g or t (powers of 1024), at least 1.
int64_t parse_memory(std::string_view text);
// "1.5" processors as a quota of kCpuPeriod: 150000. At least a hundredth of a processor.
int64_t parse_cpus(std::string_view text);

}  // namespace gocker
