// Commands that take several containers at once by a pattern.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/container/container.h"

namespace gocker::cli {

inline constexpr Option kRegex{"regex", 'r', "",
                               "ID is a POSIX extended regular expression for the whole id"};

// The first argument, or with --regex every id below the root that it matches, possibly none.
std::vector<std::string> chosen_ids(const StateRoot& root, const Arguments& arguments);

}  // namespace gocker::cli
