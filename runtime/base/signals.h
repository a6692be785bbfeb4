// Signal names and numbers, as `kill` and stop signals take them.
#pragma once

#include <string>
#include <string_view>

namespace gocker {

// "15", "TERM", "SIGTERM", "term", "RTMIN+3"; throws "unknown signal "X"".
int parse_signal(std::string_view text);

}  // namespace gocker
