#include "runtime/linux/seccomp_compiler.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/linux/seccomp_code.h"

namespace gocker {
namespace {

constexpr uint32_t kX32Bit = 0x40000000;

// A rule at a number that the kernel sees.
struct Entry {
  uint32_t number = 0;
  bool wide = false;         // arguments of 64 bits
  uint32_t multiplexed = 0;  // what the first argument of socketcall or ipc has to be, or 0
  const SeccompRule* rule = nullptr;
};

// All that the kernel tells by the same name: x32 shares its with x86_64.
struct Architecture {
  uint32_t audit = 0;  // AUDIT_ARCH_*
  bool has_x32 = false;
};

// i386 has one call for all of sockets and one for System V IPC, and newer kernels (4.3, 5.1) one
// for most of what these two do. libseccomp numbers the latter -100 and -200 less the first
// argument.
struct Multiplexer {
  int base;
  uint32_t number;
  std::array<uint16_t, 25> direct;  // by the first argument; 0 where there is none
};
constexpr std::array<Multiplexer, 2> kMultiplexers = {{
    {100, 102, {0,   359, 361, 362, 363, 0,   367, 368, 360, 0, 0, 369, 371,
                373, 366, 365, 370, 372, 364, 337, 345, 0,   0, 0, 0}},
    {200, 117, {0,   0,   393, 394, 0, 0, 0, 0, 0,   0,   0,   400, 401,
                399, 402, 0,   0,   0, 0, 0, 0, 397, 398, 395, 396}},
}};

void add_multiplexed(std::vector<Entry>& entries, int number, const SeccompRule& rule) {
  for (const Multiplexer& one : kMultiplexers) {
    const int argument = -number - one.base;
    if (argument <= 0 || static_cast<size_t>(argument) >= one.direct.size()) continue;
    const auto index = static_cast<uint32_t>(argument);
    entries.push_back({.number = one.number, .multiplexed = index, .rule = &rule});
    if (one.direct[index] == 0) continue;
    entries.push_back({.number = one.direct[index], .rule = &rule});
  }
}

void add_entries(std::vector<Entry>& entries, uint32_t token,
                 const std::vector<SeccompRule>& rules) {
  const bool wide = (token & __AUDIT_ARCH_64BIT) != 0;
  for (const SeccompRule& rule : rules) {
    const int number = ::seccomp_syscall_resolve_name_arch(token, rule.name);
    if (number >= 0) {
      entries.push_back({.number = static_cast<uint32_t>(number), .wide = wide, .rule = &rule});
    } else if (token == SCMP_ARCH_X86) {
      add_multiplexed(entries, number, rule);
    }
  }
}

bool is_known(uint32_t token) {
  switch (token) {
    case SCMP_ARCH_X86_64:
    case SCMP_ARCH_X86:
    case SCMP_ARCH_X32:
    case SCMP_ARCH_AARCH64:
    case SCMP_ARCH_ARM:
    case SCMP_ARCH_RISCV64:
      return true;
    default:
      return false;
  }
}

std::vector<Entry> entries_of(const Architecture& architecture,
                              const std::vector<SeccompRule>& rules) {
  std::vector<Entry> entries;
  add_entries(entries, architecture.audit, rules);
  if (architecture.has_x32) add_entries(entries, SCMP_ARCH_X32, rules);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.number < b.number; });
  return entries;
}

// x32 belongs to the x86_64 before it; by itself, which no kernel has as its native one, it is not
// known.
std::optional<std::vector<Architecture>> architectures_of(const std::vector<uint32_t>& tokens) {
  std::vector<Architecture> architectures;
  for (const uint32_t token : tokens) {
    if (!is_known(token)) return std::nullopt;
    if (token != SCMP_ARCH_X32) {
      architectures.push_back({.audit = token});
      continue;
    }
    const auto x86_64 =
        std::find_if(architectures.begin(), architectures.end(),
                     [](const Architecture& one) { return one.audit == SCMP_ARCH_X86_64; });
    if (x86_64 == architectures.end()) return std::nullopt;
    x86_64->has_x32 = true;
  }
  return architectures;
}

ArgumentTest test_of(const oci::SeccompArg& arg, bool wide) {
  const uint64_t all = wide ? ~uint64_t{0} : 0xffffffff;
  const bool is_masked = arg.op == oci::SeccompOperator::masked_eq;
  const uint64_t mask = is_masked ? arg.value & all : all;
  return {.index = arg.index,
          .op = arg.op,
          .mask = mask,
          .value = (is_masked ? arg.value_two : arg.value) & mask,
          .wide = wide};
}

// The first argument of a multiplexing call says which call it is, whatever the rule says of it.
Alternative alternative_of(const Entry& entry) {
  Alternative alternative{.tests = {}, .action = entry.rule->action};
  if (entry.multiplexed != 0) {
    alternative.tests.push_back(test_of({.index = 0, .value = entry.multiplexed}, entry.wide));
  }
  for (const oci::SeccompArg& arg : entry.rule->args) {
    if (entry.multiplexed != 0 && arg.index == 0) continue;
    alternative.tests.push_back(test_of(arg, entry.wide));
  }
  return alternative;
}

// Whether one asks for a value that the other excludes.
bool exclude_each_other(const Alternative& one, const Alternative& other) {
  for (const ArgumentTest& a : one.tests) {
    for (const ArgumentTest& b : other.tests) {
      if (a.index != b.index) continue;
      if (a.op == oci::SeccompOperator::eq && !b.holds(a.value)) return true;
      if (b.op == oci::SeccompOperator::eq && !a.holds(b.value)) return true;
    }
  }
  return false;
}

// Whether it plays no part which of them is asked first.
bool is_unambiguous(const std::vector<Alternative>& alternatives) {
  for (auto one = alternatives.begin(); one != alternatives.end(); ++one) {
    for (auto other = alternatives.begin(); other != one; ++other) {
      if (one->action != other->action && !exclude_each_other(*one, *other)) return false;
    }
  }
  return true;
}

// Of the rules for one number, the first that asks for no argument decides alone.
std::optional<NumberRange> range_of(std::span<const Entry> entries, uint32_t default_action) {
  NumberRange range{.first = entries.front().number, .action = default_action, .alternatives = {}};
  for (const Entry& entry : entries) {
    if (entry.multiplexed != 0 || !entry.rule->args.empty()) continue;
    range.action = entry.rule->action;
    return range;
  }
  for (const Entry& entry : entries) range.alternatives.push_back(alternative_of(entry));
  if (!is_unambiguous(range.alternatives)) return std::nullopt;
  return range;
}

void add_range(std::vector<NumberRange>& ranges, NumberRange range) {
  if (!ranges.empty() && ranges.back().first == range.first) ranges.pop_back();
  const bool continues = !ranges.empty() && ranges.back().alternatives.empty() &&
                         range.alternatives.empty() && ranges.back().action == range.action;
  if (!continues) ranges.push_back(std::move(range));
}

std::optional<std::vector<NumberRange>> ranges_of(const Architecture& architecture,
                                                  const SeccompRules& rules) {
  const uint32_t default_action = rules.default_action;
  const std::vector<Entry> entries = entries_of(architecture, rules.rules);
  std::vector<NumberRange> ranges;
  add_range(ranges, {.first = 0, .action = default_action, .alternatives = {}});
  for (auto first = entries.begin(); first != entries.end();) {
    const uint32_t number = first->number;
    const auto last = std::find_if(first, entries.end(),
                                   [&](const Entry& entry) { return entry.number != number; });
    std::optional<NumberRange> range = range_of({first, last}, default_action);
    if (!range) return std::nullopt;
    add_range(ranges, *std::move(range));
    add_range(ranges, {.first = number + 1, .action = default_action, .alternatives = {}});
    first = last;
  }
  if (architecture.audit == SCMP_ARCH_X86_64 && !architecture.has_x32) {
    // -1 is what a tracer puts there, so that a call is left out.
    add_range(ranges, {.first = kX32Bit, .action = SECCOMP_RET_KILL_THREAD, .alternatives = {}});
    add_range(ranges, {.first = ~uint32_t{0}, .action = default_action, .alternatives = {}});
  }
  return ranges;
}

}  // namespace

std::optional<std::vector<sock_filter>> compile_rules(const SeccompRules& rules) {
  const auto architectures = architectures_of(rules.architectures);
  if (!architectures) return std::nullopt;
  FilterCode code = {bpf_load(offsetof(seccomp_data, arch))};
  for (const Architecture& architecture : *architectures) {
    const auto ranges = ranges_of(architecture, rules);
    if (!ranges) return std::nullopt;
    FilterCode own = {bpf_load(offsetof(seccomp_data, nr))};
    append_lookup(own, *ranges);
    code.push_back(bpf_jump(BPF_JEQ, architecture.audit, 1, 0));
    code.push_back(bpf_skip(own.size()));
    code.insert(code.end(), own.begin(), own.end());
  }
  code.push_back(bpf_return(SECCOMP_RET_KILL_THREAD));
  return code;
}

}  // namespace gocker
