// Rules to BPF by libseccomp: it knows how to decide between rules that contradict each other, and
// the peculiarities of every architecture.
#pragma once

#include "runtime/base/fd.h"
#include "runtime/linux/seccomp_rules.h"

namespace gocker {

// Appends the program to the file.
void compile_with_library(const SeccompRules& rules, const Fd& file);

}  // namespace gocker
