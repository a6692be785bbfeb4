// The network of an ordinary user's container: pasta(1), which turns what the container sends into
// connections of the user's own, and the user's ports into connections to the container. No rights
// over the host's network are needed.
//
// The container has the host's addresses. Its namespace is bound to a file, which pasta watches: it
// ends when that goes.
#pragma once

#include "imagetool/network/connection.h"

namespace gocker {

// As connect() and disconnect() (connection.h), for who holds the lock. There is one network, the
// default one: throws for any other, and for a wanted address.
Connection connect_by_pasta(const NetworkPlaces& places, const ConnectRequest& request);
void disconnect_from_pasta(const NetworkPlaces& places, const std::string& container_id);

}  // namespace gocker
