// System calls that are newer than a seccomp profile.
//
// A profile that answers with EPERM by default would do so for calls that its author had never
// heard of, and a libc that tries a new call and falls back on ENOSYS would give up. So a few
// instructions in front of the filter answer ENOSYS for every number above the highest one that the
// profile names.
#pragma once

#include <linux/filter.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gocker {

// From here on are numbers that do not count up with the kernel's versions: ARM's private calls,
// and all of x32 with its bit 30. They always go to the filter.
inline constexpr uint32_t kFirstSpecialSyscall = 0x0f0000;

struct HighestSyscall {
  uint32_t architecture = 0;  // AUDIT_ARCH_*
  uint32_t number = 0;

  // Negative numbers (a call that this architecture lacks) and special ones do not count.
  void include(int candidate) {
    const auto value = static_cast<uint32_t>(candidate);
    if (value < kFirstSpecialSyscall) number = std::max(number, value);
  }
};

// To be put in front of a filter. Nothing where no number is known for any architecture.
std::vector<sock_filter> enosys_prologue(const std::vector<HighestSyscall>& highest);

}  // namespace gocker
