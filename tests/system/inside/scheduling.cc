#include "tests/system/inside/scheduling.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tests/system/inside/json_text.h"

namespace inside {
namespace {

// The kernel's struct sched_attr, in its first version.
struct Attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

// By number, as in <linux/sched.h>.
constexpr std::array kPolicies = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
                                  "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};

std::string policy_name(uint32_t number) {
  return number < kPolicies.size() ? kPolicies[number] : std::to_string(number);
}

std::string cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::vector<std::string> list;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) list.push_back(std::to_string(cpu));
  }
  return json_array(list);
}

}  // namespace

std::string scheduling() {
  Attributes attributes = {};
  ::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0);
  constexpr int kWhoProcess = 1;
  constexpr int kClassShift = 13;
  const long io = ::syscall(SYS_ioprio_get, kWhoProcess, 0);
  int mode = -1;
  unsigned long nodes = 0;
  constexpr unsigned long kBits = 8 * sizeof nodes * 16;
  std::array<unsigned long, 16> mask = {};
  if (::syscall(SYS_get_mempolicy, &mode, mask.data(), kBits, nullptr, 0) == 0) nodes = mask[0];
  return json_object({
      {"policy", json_string(policy_name(attributes.policy))},
      {"flags", std::to_string(attributes.flags)},
      {"nice", json_number(attributes.nice)},
      {"priority", json_number(attributes.priority)},
      {"runtime", std::to_string(attributes.runtime)},
      {"deadline", std::to_string(attributes.deadline)},
      {"period", std::to_string(attributes.period)},
      {"ioClass", json_number(io >> kClassShift)},
      {"ioPriority", json_number(io & ((1 << kClassShift) - 1))},
      {"memoryMode", json_number(mode)},
      {"memoryNodes", std::to_string(nodes)},
      {"cpus", cpus()},
  });
}

}  // namespace inside
