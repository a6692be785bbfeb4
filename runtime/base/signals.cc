#include "runtime/base/signals.h"

#include <signal.h>

#include <array>
#include <cstring>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// The kernel's range of real-time signals is 32 to 64; glibc keeps the first two for itself, and
// people mean glibc's SIGRTMIN.
std::optional<int> real_time_signal(std::string_view name) {
  const bool from_minimum = name.starts_with("rtmin");
  if (!from_minimum && !name.starts_with("rtmax")) return std::nullopt;
  const int base = from_minimum ? SIGRTMIN : SIGRTMAX;
  name.remove_prefix(5);
  if (name.empty()) return base;
  const char sign = name[0];
  const auto offset = parse_u64(name.substr(1), 64);
  if (!offset || sign != (from_minimum ? '+' : '-')) return std::nullopt;
  const int signal =
      from_minimum ? base + static_cast<int>(*offset) : base - static_cast<int>(*offset);
  if (signal < SIGRTMIN || signal > SIGRTMAX) return std::nullopt;
  return signal;
}

std::optional<int> named_signal(std::string_view name) {
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    const char* abbreviation = ::sigabbrev_np(signal);
    if (abbreviation != nullptr && to_lower(abbreviation) == name) return signal;
  }
  if (name == "iot") return SIGIOT;
  if (name == "cld") return SIGCLD;
  if (name == "io") return SIGIO;
  return real_time_signal(name);
}

}  // namespace

int parse_signal(std::string_view text) {
  if (const auto number = parse_u64(text, 64); number && *number > 0) {
    return static_cast<int>(*number);
  }
  const std::string lower = to_lower(text);
  std::string_view name = lower;
  if (name.starts_with("sig")) name.remove_prefix(3);
  if (const auto signal = named_signal(name)) return *signal;
  throw Error("unknown signal \"" + std::string(text) + "\"");
}

}  // namespace gocker
