// One more program in a running container.
#pragma once

#include <string>
#include <vector>

#include "imagetool/containers/record.h"

namespace gocker {

struct SessionOptions {
  std::vector<std::string> command;
  std::vector<std::string> env;  // "NAME=VALUE", or "NAME" as in our own environment
  std::string working_dir;       // empty: the container's
  std::string user;              // names of the container, or numbers; empty: the container's
  bool terminal = false;
  bool interactive = false;  // else it reads nothing
  bool detach = false;
  bool privileged = false;
};

// Calls the runtime's `exec` and returns the program's exit code (attended_run.h). Throws where the
// container does not run or a user is not known there.
int run_session(const Places& places, const ContainerRecord& record, const SessionOptions& options);

}  // namespace gocker
