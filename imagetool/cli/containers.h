// What the commands that deal with containers share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "imagetool/cli/command.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/record.h"

namespace gocker::cli {

// The folders, after what killed commands have left was seen to.
Places places_of(const Global& global);

// The name that a person knows it by.
const std::string& spoken_name(const ContainerRecord& record);

// Does something to each container that is named and prints its name; one that fails is told and
// does not keep the others. Throws ExitCode(1) at the end where one did.
void for_each_container(const Places& places, const std::vector<std::string>& names,
                        const std::function<void(const std::string& id)>& action);

// Throws where -t and -i ask for a terminal in the foreground and there is none.
void check_terminal(const Arguments& arguments);

// Waits for the container's end and throws ExitCode with the code of its program, or an Error where
// that is unknown.
[[noreturn]] void end_like(const ContainerRecord& record, const EndWatch& end);

}  // namespace gocker::cli
