// Rules to BPF, without libseccomp's database of them, for which it takes 10 ms and a megabyte. The
// numbers of a system call are found by halving, so that a call in a container costs a handful of
// comparisons instead of some hundred.
#pragma once

#include <linux/filter.h>

#include <optional>
#include <vector>

#include "runtime/linux/seccomp_rules.h"

namespace gocker {

// Decides every system call as libseccomp's program does, which tests compare. Nothing where only
// the library can tell: rules for the same call and arguments that differ in their action, and
// architectures with peculiarities that are not known here.
std::optional<std::vector<sock_filter>> compile_rules(const SeccompRules& rules);

}  // namespace gocker
