// The end of a container: one cleaner for all the ways it comes about.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "imagetool/containers/record.h"

namespace gocker {

// Writes down that the container has ended, tells who waits, releases what it used, and removes it
// where --rm was said. `exit_code` is nothing where it is unknown. The caller holds the transition.
// Afterwards record.waits_to_restart says whether its policy wants it to be started again.
void end_container(const Places& places, ContainerRecord& record, std::optional<int> exit_code);

// What conmon calls at the container's end. Does nothing where the container runs. Restarts it,
// after a while, where its policy says so.
void attend_to_end(const Places& places, const std::string& id);

// Starts a container that waits for it; fine where it does not any more.
void restart_waiting(const Places& places, const std::string& id);

// How long its policy lets it rest: 100 ms, doubled with each restart in a row, a minute at most.
std::chrono::milliseconds restart_delay(const ContainerRecord& record);
bool wants_restart(const ContainerRecord& record);

}  // namespace gocker
