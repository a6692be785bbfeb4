// The checkpoint of a running container: CRIU saves its processes into images on disk.
#pragma once

#include <string>

#include "runtime/checkpoint/criu_message.h"
#include "runtime/container/container.h"

namespace gocker {

// Where things are; paths of the host. What an empty work path means: the images' directory.
struct CriuPlaces {
  std::string criu;  // the program; empty: found in $PATH
  std::string images;
  std::string work;  // gets CRIU's log
};

// `options` has what the command line says. Unless leave_running is set, the container is destroyed
// then. The container is locked by the caller.
void checkpoint_container(Container& container, const CriuPlaces& places, CriuOptions options);

// Only its memory, as a parent for a checkpoint that follows; it goes on running.
void pre_dump_container(const Container& container, const CriuPlaces& places, CriuOptions options);

}  // namespace gocker
