// All that a process can see of itself and of the container around it, as one JSON object.
#pragma once

#include <string>
#include <vector>

namespace inside {

// `sysctls` are the names to look up: "net.ipv4.ip_forward".
std::string report(const std::vector<std::string>& args, const std::vector<std::string>& sysctls);

}  // namespace inside
