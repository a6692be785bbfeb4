// The networks of this machine that containers can join: each a bridge with a subnet of its own.
//
// The default network, `bridge`, exists without being made; its file is written when it is first
// asked for. On the others containers find each other by name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/network/address.h"
#include "imagetool/network/places.h"

namespace oci {
class Fields;
}

namespace gocker {

inline constexpr std::string_view kDefaultNetwork = "bridge";

struct Network {
  std::string name;
  std::string id;         // 64 hexadecimal digits
  std::string interface;  // the bridge on the host
  Subnet subnet;
  uint32_t gateway = 0;   // the bridge's own address
  bool internal = false;  // no way out of it
  bool names = true;      // containers find each other by name
  std::string created;    // RFC 3339
  std::map<std::string, std::string> labels;

  bool is_default() const { return name == kDefaultNetwork; }
};

struct NetworkRequest {
  std::string name;
  std::optional<Subnet> subnet;     // nothing: a free one is chosen
  std::optional<uint32_t> gateway;  // nothing: the first address of the subnet
  bool internal = false;
  std::map<std::string, std::string> labels;
};

class Networks {
 public:
  explicit Networks(NetworkPlaces places) : places_(std::move(places)) {}

  // Throws where the name is taken or reserved, and where the subnet overlaps that of another
  // network or a route of the host.
  Network create(const NetworkRequest& request) const;

  // The default one first, then by name.
  std::vector<Network> list() const;

  // By name or by the beginning of its id; throws with the nearest name where there is none.
  Network find(const std::string& text) const;
  std::optional<Network> find_if_exists(const std::string& text) const;

  // Throws for the default network, and where containers are connected to it.
  void remove(const std::string& text) const;

  // Removes those that no container is connected to, but for the default one and the `kept`; the
  // names of what was removed.
  std::vector<std::string> remove_unused(const std::set<std::string>& kept) const;

 private:
  NetworkPlaces places_;
};

// "host" and "none" are no networks that one can make, but names that --network takes.
bool is_network_mode(std::string_view name);

std::string to_json(const Network& network);
void read_network(const oci::Fields& fields, Network& network);
Network network_from_json(std::string_view text, std::string_view file);

}  // namespace gocker
