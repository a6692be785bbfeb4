// What `events` prints: lines of JSON in runc's shape, which engines and monitors read.
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/cgroup/statistics.h"

namespace gocker {

// {"type":"stats","id":...,"data":{...}}. The network interfaces are those that the process `pid`
// sees, without the loopback.
std::string stats_event(const std::string& id, const CgroupStatistics& statistics, pid_t pid);
std::string oom_event(const std::string& id);  // {"type":"oom","id":...}

}  // namespace gocker
