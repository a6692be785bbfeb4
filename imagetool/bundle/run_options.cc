#include "imagetool/bundle/run_options.h"

#include <cctype>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

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

BindMount parse_bind_mount(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) {
    refuse(text, "mount", "it takes SOURCE:DESTINATION or SOURCE:DESTINATION:ro");
  }
  BindMount mount{std::string(parts[0]), std::string(parts[1])};
  if (!mount.source.starts_with('/') || !mount.destination.starts_with('/')) {
    refuse(text, "mount", "source and destination must be absolute");
  }
  if (parts.size() == 2 || parts[2] == "rw") return mount;
  if (parts[2] != "ro") refuse(text, "mount", "the option after the destination is ro or rw");
  mount.readonly = true;
  return mount;
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

NetworkMode parse_network(std::string_view text) {
  if (text == "none") return NetworkMode::none;
  if (text == "host") return NetworkMode::host;
  refuse(text, "network", "there are none and host");
}

}  // namespace gocker
