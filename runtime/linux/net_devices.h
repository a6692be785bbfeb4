// Network devices of the host that are handed to a container (config-linux.md, "Network Devices").
#pragma once

#include <map>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// Moves the devices from the caller's network namespace into that one, gives them their names there
// (the kernel fills in the number of "eth%d"), brings them up, and sets the permanent addresses of
// global scope again that the move takes away. All are looked at before the first is moved: a
// device that is absent, or a name that is taken inside, is an error and changes nothing. A device
// that was moved stays there also where a later one fails, and goes with the namespace.
void move_net_devices(const std::map<std::string, oci::NetDevice>& devices,
                      const Fd& network_namespace);

}  // namespace gocker
