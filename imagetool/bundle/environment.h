// A program's environment: "NAME=VALUE" in the order of their first mention.
#pragma once

#include <string>
#include <vector>

namespace gocker {

using Variables = std::vector<std::string>;

// Those that a person gave over the ones there are. "NAME" alone takes the value it has in our own
// environment, and is left out where it has none. Throws for what is no variable.
Variables merge_variables(Variables variables, const Variables& given);

// Adds those whose names are not there.
Variables add_absent_variables(Variables variables, const Variables& implied);

}  // namespace gocker
