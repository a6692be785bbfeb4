#include "runtime/linux/scheduling.h"

#include <sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

struct NamedNumber {
  std::string_view name;
  uint32_t number;
};

// Values of the kernel's interface (linux/sched.h, linux/ioprio.h, linux/mempolicy.h): Debian 12's
// headers lack some of them.
constexpr NamedNumber kPolicies[] = {
    {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},       {"SCHED_BATCH", 3},
    {"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
};
constexpr NamedNumber kSchedulerFlags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
    {"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
    {"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};
constexpr NamedNumber kIoClasses[] = {
    {"IOPRIO_CLASS_RT", 1},
    {"IOPRIO_CLASS_BE", 2},
    {"IOPRIO_CLASS_IDLE", 3},
};
constexpr NamedNumber kDomains[] = {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}};
constexpr NamedNumber kMemoryModes[] = {
    {"MPOL_DEFAULT", 0},
    {"MPOL_PREFERRED", 1},
    {"MPOL_BIND", 2},
    {"MPOL_INTERLEAVE", 3},
    {"MPOL_LOCAL", 4},
    {"MPOL_PREFERRED_MANY", 5},
    {"MPOL_WEIGHTED_INTERLEAVE", 6},
};
constexpr NamedNumber kMemoryFlags[] = {
    {"MPOL_F_NUMA_BALANCING", 1 << 13},
    {"MPOL_F_RELATIVE_NODES", 1 << 14},
    {"MPOL_F_STATIC_NODES", 1 << 15},
};

template <size_t size>
uint32_t number_of(const NamedNumber (&table)[size], const char* what, std::string_view name) {
  for (const NamedNumber& entry : table) {
    if (entry.name == name) return entry.number;
  }
  std::vector<std::string_view> names;
  for (const NamedNumber& entry : table) names.push_back(entry.name);
  std::string reason = std::string("unknown ").append(what).append(" ").append(name);
  const std::string_view likely = nearest(name, names);
  if (!likely.empty()) reason.append(" (is ").append(likely).append(" meant?)");
  throw Error(reason);
}

// sched_setattr(2)'s argument, in the version of Linux 5.3.
struct SchedulerAttributes {
  uint32_t size = sizeof(SchedulerAttributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
  // The specification has the flags of the utilization clamps and no values for them: these mean
  // the system's defaults.
  uint32_t util_min = ~0U;
  uint32_t util_max = ~0U;
};
static_assert(sizeof(SchedulerAttributes) == 56);

// A set of CPUs or memory nodes as the kernel wants it: an array of long.
using BitMask = std::vector<unsigned long>;
constexpr size_t kBitsPerWord = std::numeric_limits<unsigned long>::digits;

BitMask mask_of(const std::vector<unsigned>& numbers) {
  BitMask mask;
  for (const unsigned number : numbers) {
    const size_t word = number / kBitsPerWord;
    if (word >= mask.size()) mask.resize(word + 1);
    mask[word] |= 1UL << (number % kBitsPerWord);
  }
  return mask;
}

// Far above what any kernel is built for (8192 CPUs, 1024 nodes): a bound for the mask's memory.
constexpr unsigned kHighestNumber = 65535;

unsigned parse_list_number(std::string_view text, std::string_view list) {
  const auto number = parse_u64(text, kHighestNumber);
  if (number) return static_cast<unsigned>(*number);
  throw Error(std::string("\"").append(list).append("\" is no list such as 0-3,7"), EINVAL);
}

void set_affinity_mask(pid_t pid, const BitMask& mask) {
  check(::sched_setaffinity(pid, mask.size() * sizeof mask[0],
                            reinterpret_cast<const cpu_set_t*>(mask.data())),
        "sched_setaffinity");
}

bool kernel_takes_policy(uint32_t mode, bool with_node) {
  const BitMask first_node{1};
  return ::syscall(SYS_set_mempolicy, mode, with_node ? first_node.data() : nullptr,
                   with_node ? kBitsPerWord : 0) == 0;
}

}  // namespace

void set_scheduler(pid_t pid, const oci::Scheduler& scheduler) {
  const Doing doing("set scheduler", scheduler.policy);
  SchedulerAttributes attributes;
  attributes.policy = number_of(kPolicies, "policy", scheduler.policy);
  constexpr uint32_t kIso = 4;  // reserved by the kernel for ever, and never implemented
  if (attributes.policy == kIso) throw Error("no kernel has this policy", EINVAL);
  for (const std::string& flag : scheduler.flags) {
    attributes.flags |= number_of(kSchedulerFlags, "scheduler flag", flag);
  }
  attributes.nice = scheduler.nice;
  if (scheduler.priority < 0) throw Error("the priority is below zero", EINVAL);
  attributes.priority = static_cast<uint32_t>(scheduler.priority);
  attributes.runtime = scheduler.runtime;
  attributes.deadline = scheduler.deadline;
  attributes.period = scheduler.period;
  check(::syscall(SYS_sched_setattr, pid, &attributes, 0), "sched_setattr");
}

void set_io_priority(pid_t pid, const oci::IoPriority& priority) {
  constexpr int kWhoProcess = 1;
  constexpr int kClassShift = 13;
  constexpr int32_t kLowestPriority = 7;
  const Doing doing("set I/O priority", priority.io_class);
  const uint32_t io_class = number_of(kIoClasses, "I/O class", priority.io_class);
  if (priority.priority < 0 || priority.priority > kLowestPriority) {
    throw Error("priority " + std::to_string(priority.priority) + " is not between 0 and 7",
                EINVAL);
  }
  const int value = static_cast<int>(io_class << kClassShift) | priority.priority;
  check(sys::ioprio_set(kWhoProcess, pid, value), "ioprio_set");
}

void set_personality(const oci::Personality& personality) {
  const Doing doing("set personality", personality.domain);
  const uint32_t domain = number_of(kDomains, "domain", personality.domain);
  // The specification has the field and no value for it.
  if (!personality.flags.empty()) throw Error("unknown flag " + personality.flags.front());
  check(::personality(domain), "personality");
}

void set_memory_policy(const oci::MemoryPolicy& policy) {
  const Doing doing("set memory policy", policy.mode);
  uint32_t mode = number_of(kMemoryModes, "mode", policy.mode);
  for (const std::string& flag : policy.flags) {
    mode |= number_of(kMemoryFlags, "memory policy flag", flag);
  }
  BitMask nodes;
  if (!policy.nodes.empty()) nodes = mask_of(parse_cpu_list(policy.nodes));
  // The kernel takes one off the number of bits before it uses it.
  const size_t bits = nodes.empty() ? 0 : nodes.size() * kBitsPerWord + 1;
  check(::syscall(SYS_set_mempolicy, mode, nodes.data(), bits), "set_mempolicy", policy.nodes);
}

oci::MemoryPolicyFeatures memory_policy_features() {
  oci::MemoryPolicyFeatures features;
  for (const NamedNumber& mode : kMemoryModes) {
    const bool without_nodes = mode.name == "MPOL_DEFAULT" || mode.name == "MPOL_LOCAL";
    if (kernel_takes_policy(mode.number, !without_nodes)) features.modes.emplace_back(mode.name);
  }
  for (const NamedNumber& flag : kMemoryFlags) {
    const uint32_t bind = number_of(kMemoryModes, "mode", "MPOL_BIND");
    if (kernel_takes_policy(bind | flag.number, true)) features.flags.emplace_back(flag.name);
  }
  kernel_takes_policy(number_of(kMemoryModes, "mode", "MPOL_DEFAULT"), false);
  return features;
}

std::vector<unsigned> parse_cpu_list(std::string_view text) {
  std::vector<unsigned> numbers;
  for (const std::string_view range : split(text, ',')) {
    const size_t dash = range.find('-');
    const unsigned first = parse_list_number(range.substr(0, dash), text);
    const unsigned last =
        dash == std::string_view::npos ? first : parse_list_number(range.substr(dash + 1), text);
    if (last < first) parse_list_number({}, text);
    for (unsigned number = first; number <= last; ++number) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

void set_cpu_affinity(pid_t pid, std::string_view cpus) {
  const Doing doing("set CPU affinity", cpus);
  set_affinity_mask(pid, mask_of(parse_cpu_list(cpus)));
}

void set_oom_score_adj(pid_t pid, int32_t value) {
  const std::string process = pid == 0 ? "self" : std::to_string(pid);
  const std::string text = std::to_string(value);
  const Doing doing("set oom_score_adj to", text);
  write_file("/proc/" + process + "/oom_score_adj", text);
}

}  // namespace gocker
