// What ties a container to networks and volumes.
#pragma once

#include <string>
#include <vector>

#include "imagetool/bundle/run_options.h"
#include "imagetool/containers/record.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// Makes the container's network namespace with all that its record asks for and writes what came of
// it into the record and into the files for /etc. The descriptors hold the published ports: they
// are to stay open as long as the container runs. Nothing to do for the networks none and host.
std::vector<Fd> connect_network(const Places& places, ContainerRecord& record);

// Fine where there is nothing (any more).
void disconnect_network(const Places& places, const std::string& id);

// The path of the namespace that connect_network() makes.
std::string network_namespace(const Places& places, const std::string& id);

// Writes the files for /etc where the network is not to be made: at `create`.
void write_name_files(const Places& places, const ContainerRecord& record);

// Makes the volumes that `options` mentions and turns them into bind mounts, noting them in the
// record.
void add_volumes(const Places& places, RunOptions& options, ContainerRecord& record);
// Empty volumes get what the image has there.
void fill_volumes(const Places& places, const RunOptions& options, const ContainerRecord& record,
                  const RootDir& rootfs);
void remove_anonymous_volumes(const Places& places, const ContainerRecord& record);

}  // namespace gocker
