// Ports of the host that lead to a container.
//
// A published port is held by a bound socket for as long as the container runs, so that nobody else
// is given it: netavark's rules would take it from a program that listens there without a word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

enum class Protocol { tcp, udp };
std::string_view name_of(Protocol protocol);

// What a person asks for.
struct PortRequest {
  uint32_t host_ip = 0;     // 0: all addresses of the host
  uint16_t host_first = 0;  // 0: any free one
  uint16_t host_last = 0;
  uint16_t container_first = 0;
  uint16_t container_last = 0;
  Protocol protocol = Protocol::tcp;
};

// "[IP:][HOST[-HOST]:]CONTAINER[-CONTAINER][/tcp|/udp]". Ranges must be equally long, but one port
// of the container may go to any free one of a range of the host. Throws "'...' is no port to
// publish: ...".
PortRequest parse_port(std::string_view text);

// One port that is published.
struct PublishedPort {
  uint32_t host_ip = 0;
  uint16_t host_port = 0;
  uint16_t container_port = 0;
  Protocol protocol = Protocol::tcp;
  friend bool operator==(const PublishedPort&, const PublishedPort&) = default;
};

// "0.0.0.0:8080->80/tcp"
std::string to_text(const PublishedPort& port);

struct HeldPorts {
  std::vector<PublishedPort> ports;  // in the order of the requests
  std::vector<Fd> sockets;           // one for each port
};

// Chooses and binds. `taken` are those of other containers. Throws "port 0.0.0.0:8080/tcp is in use
// (by ...)".
struct TakenPort {
  PublishedPort port;
  std::string container;  // its name, or its id
};
HeldPorts hold_ports(const std::vector<PortRequest>& requests, const std::vector<TakenPort>& taken);

}  // namespace gocker
