// Lies in wait for processes of others that come into the container's pid namespace, such as those
// of an exec, and tries to reach what they have of the host.
#pragma once

#include <string>

namespace inside {

// Until /stop is there; /enough is made after 10,000 tries. At the end it prints {"tries": N,
// "caught": [...]}. `prey` is
//   "descriptors"  a foreign process's descriptors, memory, root, and itself by ptrace(2)
//   "program"      its program, which is held open and written to as soon as nobody runs it
int hunt(const std::string& prey);

}  // namespace inside
