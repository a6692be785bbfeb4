// The configuration that Docker hands to a runtime for `docker run IMAGE` with no further option.
#pragma once

#include <string>

#include "tests/system/container.h"

namespace gocker::test {

// Changes the container's configuration to it. The files that Docker binds over /etc are made in
// `directory`.
void docker_config(Container& container, const std::string& directory);

// A seccomp profile in the manner of Docker's default one: an allow list of some hundred calls,
// rules with arguments, unknown names, and an errno for the rest.
Value allow_list_profile();

}  // namespace gocker::test
