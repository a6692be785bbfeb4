// Signals to processes that a list of numbers names: a number may be given to somebody else between
// the reading of the list and the signal, so what was listed is held by pidfd, and listed again.
#pragma once

#include <sys/types.h>

#include <functional>
#include <set>

namespace gocker {

// Signals all that the list names until it names nobody new: a fork may get away from any single
// pass. Those that end meanwhile are fine. Throws where the kernel refuses.
void signal_listed(const std::function<std::set<pid_t>()>& list, int number);

}  // namespace gocker
