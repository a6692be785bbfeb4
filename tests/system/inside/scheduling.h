// How the kernel schedules this process and places its memory.
#pragma once

#include <string>

namespace inside {

// {"policy": "SCHED_OTHER", "flags": N, "nice": N, "priority": N, "runtime": N, "deadline": N,
//  "period": N, "ioClass": N, "ioPriority": N, "memoryMode": N, "memoryNodes": N, "cpus": [N...]}
std::string scheduling();

}  // namespace inside
