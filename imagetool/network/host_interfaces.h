// What the host's network has already, so that nothing is given to containers twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imagetool/network/address.h"

namespace gocker {

struct Route {
  std::string interface;
  Subnet subnet;
};

// The IPv4 routes of the main table but the default ones.
std::vector<Route> host_routes();

bool has_interface(const std::string& name);
// The first IPv4 address of an interface; nothing where it has none or does not exist.
std::optional<uint32_t> interface_address(const std::string& name);

}  // namespace gocker
