// Executes seccomp filters as the kernel does, so that what they decide can be asked for any call.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <vector>

namespace gocker {

// SECCOMP_RET_*. Throws where the program leaves its own bounds or has an instruction that the
// kernel's check for constant answers does not know.
uint32_t decide(const std::vector<sock_filter>& program, const seccomp_data& call);

}  // namespace gocker
