// conmon: the process that stays with a container in the background. It has the runtime create the
// container, copies its output into the log, serves the attach socket, keeps published ports bound,
// and calls this program's `container cleanup` at the end.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "imagetool/containers/record.h"
#include "runtime/base/fd.h"

namespace gocker {

// Returns conmon's pid when the container is created. Throws with the runtime's own words where it
// is not. conmon inherits `ports` and no other descriptor.
pid_t start_monitor(const Places& places, const ContainerRecord& record,
                    const std::vector<Fd>& ports);

// 0 where there is none (any more).
pid_t monitor_pid(const Places& places, const std::string& id);

// Kills a conmon that may still be about to create the container, for a start that was cut off.
void kill_monitor(const Places& places, const std::string& id);

// What conmon wrote of the program's end; nothing where it did not get that far.
std::optional<int> read_exit_code(const Places& places, const std::string& id);

// The attach socket and the FIFO that takes a terminal's new size.
std::string attach_socket(const Places& places, const std::string& id);
std::string control_fifo(const Places& places, const std::string& id);

// Its files. Fine where there are none.
void remove_monitor_files(const Places& places, const std::string& id);

}  // namespace gocker
