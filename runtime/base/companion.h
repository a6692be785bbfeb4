// Programs of ours that are installed with another and that nobody calls by hand.
#pragma once

#include <optional>
#include <string>

namespace gocker {

// The program `name` in the folder of the other, as in a build, or in ../libexec/gocker.
std::optional<std::string> find_companion(const std::string& folder, const std::string& name);

}  // namespace gocker
