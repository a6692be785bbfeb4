// Ending containers, and waiting for their end.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "imagetool/containers/record.h"
#include "imagetool/containers/removal.h"

namespace gocker {

// Sends the stop signal, waits for `patience` (default: the container's own), then kills. Returns
// when the container has ended and nothing of its run is left. Fine where it does not run; a
// restart that is due does not happen.
void stop_container(const Places& places, const std::string& id,
                    std::optional<std::chrono::seconds> patience);

// Ends and removes it. Without `force` it must not run.
enum class Force { no, yes };
void remove_container_of_person(const Places& places, const std::string& id, Force force,
                                AnonymousVolumes volumes);

// Waits until it has ended; its exit code, nothing where that is unknown. Throws for one that was
// never started.
std::optional<int> wait_for_container(const Places& places, const std::string& id);

// "running", "paused", "restarting", "created" or "exited". `state` is the runtime's, if any.
struct RuntimeState;
std::string status_of(const ContainerRecord& record, const RuntimeState* state);

// The record, and whether its processes live; throws where they do not: "container ... is exited;
// ...".
void require_running(const Places& places, const ContainerRecord& record);

// The record of a container that is there for sure.
ContainerRecord load_record(const Places& places, const std::string& id);

}  // namespace gocker
