#include "imagetool/bundle/resource_limits.h"

#include <cctype>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

template <class Value>
void set_if_given(const std::optional<Value>& given, std::optional<Value>& limit) {
  if (given) limit = given;
}

[[noreturn]] void refuse(std::string_view text, const char* kind, const char* reason) {
  throw Error("'" + std::string(text) + "' is no " + kind + ": " + reason);
}

// How many bits a unit shifts by; nothing for an unknown letter.
std::optional<unsigned> unit_shift(char unit) {
  switch (std::tolower(static_cast<unsigned char>(unit))) {
    case 'b':
      return 0;
    case 'k':
      return 10;
    case 'm':
      return 20;
    case 'g':
      return 30;
    case 't':
      return 40;
    default:
      return std::nullopt;
  }
}

}  // namespace

void apply_limits(const Limits& limits, oci::Resources& resources) {
  if (limits.memory || limits.memory_swap || limits.memory_reservation) {
    if (!resources.memory) resources.memory.emplace();
    set_if_given(limits.memory, resources.memory->limit);
    set_if_given(limits.memory_swap, resources.memory->swap);
    set_if_given(limits.memory_reservation, resources.memory->reservation);
  }
  const bool has_cpus = !limits.cpuset_cpus.empty() || !limits.cpuset_mems.empty();
  if (limits.cpu_quota || limits.cpu_period || limits.cpu_shares || has_cpus) {
    if (!resources.cpu) resources.cpu.emplace();
    set_if_given(limits.cpu_quota, resources.cpu->quota);
    set_if_given(limits.cpu_period, resources.cpu->period);
    set_if_given(limits.cpu_shares, resources.cpu->shares);
    if (!limits.cpuset_cpus.empty()) resources.cpu->cpus = limits.cpuset_cpus;
    if (!limits.cpuset_mems.empty()) resources.cpu->mems = limits.cpuset_mems;
  }
  set_if_given(limits.pids, resources.pids_limit);
}

int64_t parse_memory(std::string_view text) {
  constexpr const char* kForm = "it takes a number with an optional b, k, m, g or t";
  std::string_view digits = text;
  unsigned shift = 0;
  if (!digits.empty() && std::isdigit(static_cast<unsigned char>(digits.back())) == 0) {
    const std::optional<unsigned> unit = unit_shift(digits.back());
    if (!unit) refuse(text, "amount of memory", kForm);
    shift = *unit;
    digits.remove_suffix(1);
  }
  const uint64_t maximum = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) >> shift;
  const std::optional<uint64_t> number = parse_u64(digits, maximum);
  if (!number || *number == 0) refuse(text, "amount of memory", kForm);
  return static_cast<int64_t>(*number << shift);
}

int64_t parse_cpus(std::string_view text) {
  constexpr const char* kForm = "it takes a number such as 2 or 0.5, at least 0.01";
  constexpr size_t kDecimals = 3;
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string decimals(point == std::string_view::npos ? "" : text.substr(point + 1));
  if (decimals.size() > kDecimals) refuse(text, "number of processors", kForm);
  decimals.resize(kDecimals, '0');
  const std::optional<uint64_t> count = parse_u64(whole.empty() ? "0" : whole, 1'000'000);
  const std::optional<uint64_t> thousandths = parse_u64(decimals);
  if (text.empty() || text == "." || !count || !thousandths) {
    refuse(text, "number of processors", kForm);
  }
  const uint64_t quota = (*count * 1000 + *thousandths) * (kCpuPeriod / 1000);
  if (quota < kCpuPeriod / 100) refuse(text, "number of processors", kForm);
  return static_cast<int64_t>(quota);
}

}  // namespace gocker
