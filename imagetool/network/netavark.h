// netavark, which wires containers: bridges, addresses, firewall rules, the name server.
//
// It keeps no account of addresses and ports, must not run twice at once, and finds its way back
// only where everything is as it left it; connection.h sees to all three.
#pragma once

#include "imagetool/network/attachment.h"
#include "imagetool/network/places.h"

namespace gocker {

// Wires the interfaces in the container's namespace and notes their hardware addresses. Throws
// "netavark: <its own words>".
void netavark_setup(const NetworkPlaces& places, Attachment& attachment);
// The opposite. Each interface must be there, or one of its name.
void netavark_teardown(const NetworkPlaces& places, const Attachment& attachment);

}  // namespace gocker
