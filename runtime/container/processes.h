// All processes of a container.
#pragma once

#include <sys/types.h>

#include <vector>

#include "runtime/container/container.h"

namespace gocker {

// By its control groups; where it has none, as an ordinary user's may, by its pid namespace, and
// where it has none of its own either, only the first one. Pids of the caller's pid namespace,
// sorted.
std::vector<pid_t> processes_of(const Container& container);

// Signals them all. SIGKILL reaches also what is frozen.
void signal_all_processes(const Container& container, int signal);

}  // namespace gocker
