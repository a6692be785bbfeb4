// A container's way onto networks and off them.
//
// connect() makes the network namespace, takes addresses and ports, and has netavark wire them;
// disconnect() takes all of it back. Both wait for a lock, so that any number of commands may call
// them at once. Neither changes anything of the calling process; they may run in a thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/network/attachment.h"
#include "imagetool/network/places.h"
#include "imagetool/network/ports.h"
#include "runtime/base/fd.h"

namespace gocker {

struct NetworkJoin {
  std::string network;               // its name, or the beginning of its id
  std::optional<uint32_t> address;   // nothing: a free one
  std::vector<std::string> aliases;  // not in the default network: there are no names there
};

struct ConnectRequest {
  std::string container_id;
  std::string container_name;         // empty: none
  std::vector<NetworkJoin> networks;  // one at least; the first has the ports and the default route
  std::vector<PortRequest> ports;
};

struct Connection {
  std::string network_namespace;  // a path, for config.json
  std::vector<Interface> interfaces;
  std::vector<PublishedPort> ports;
  // Of the networks' name server; empty where the host's serve (name_files.h).
  std::vector<uint32_t> name_servers;
  // One for each port, close-on-exec: to be left open in a process that lives as long as the
  // container does.
  std::vector<Fd> port_sockets;
};

// Undoes everything when it throws. A connection that the container has already is taken back
// first.
Connection connect(const NetworkPlaces& places, const ConnectRequest& request);

// Idempotent: fine where the container has no connection, where connect() or disconnect() was
// killed half-way, where the namespace is gone, and after a reboot. Takes about 0.25 s. Throws
// where netavark cannot; what is left is then taken back by the next call.
void disconnect(const NetworkPlaces& places, const std::string& container_id);

}  // namespace gocker
