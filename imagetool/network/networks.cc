#include "imagetool/network/networks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "imagetool/network/attachment.h"
#include "imagetool/network/host_interfaces.h"
#include "imagetool/network/network_lock.h"
#include "imagetool/object_name.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kDefaultInterface = "gocker0";
constexpr size_t kIdDigits = 64;
constexpr size_t kInterfaceDigits = 8;  // "gocker-1234abcd": 15 bytes, as many as a name may have

// Where subnets are chosen: 10.88.0.0 to 10.127.255.255, the first /16 for the default network.
constexpr uint32_t kPoolFirst = 10U << 24U | 88U << 16U;
constexpr uint32_t kPoolLast = 10U << 24U | 127U << 16U | 0xFFFFU;
constexpr unsigned kDefaultPrefix = 16;
constexpr unsigned kChosenPrefix = 24;
constexpr unsigned kLongestPrefix = 30;  // a network address, a gateway, a container, a broadcast
constexpr unsigned kShortestPrefix = 8;

std::string file_of(std::string_view name) {
  return std::string(name).append(kSuffix);
}

// The directory of the networks, made where it is missing.
Fd open_networks(const NetworkPlaces& places) {
  make_directories(places.networks(), 0700);
  return open_file(places.networks(), O_RDONLY | O_DIRECTORY);
}

// While it is held, nobody else makes a network.
Fd lock_networks(const NetworkPlaces& places) {
  Fd directory = open_networks(places);
  check(::flock(directory.get(), LOCK_EX), "lock", places.networks());
  return directory;
}

std::vector<Network> read_all_networks(const Fd& directory, const NetworkPlaces& places) {
  std::vector<Network> networks;
  for (const std::string& file : list_directory(directory, places.networks())) {
    if (file.starts_with('.') || !file.ends_with(kSuffix)) continue;
    const std::optional<std::string> text = read_if_exists_at(directory, file);
    if (text) networks.push_back(network_from_json(*text, places.networks() + "/" + file));
  }
  return networks;
}

// Who has a part of the subnet already: "network web" or "a route of eth0"; empty: nobody.
std::string holder_of(const Subnet& subnet, const std::vector<Network>& networks,
                      const std::vector<Route>& routes) {
  for (const Network& network : networks) {
    if (network.subnet.overlaps(subnet)) return "network " + network.name;
  }
  for (const Route& route : routes) {
    if (route.subnet.overlaps(subnet)) {
      return "the host's route " + to_text(route.subnet) + " of " + route.interface;
    }
  }
  return {};
}

Subnet choose_subnet(unsigned prefix, uint32_t first, const std::vector<Network>& networks) {
  const std::vector<Route> routes = host_routes();
  const uint32_t step = 1U << (32U - prefix);
  for (uint32_t address = first; address <= kPoolLast; address += step) {
    const Subnet subnet{address, prefix};
    if (holder_of(subnet, networks, routes).empty()) return subnet;
  }
  throw Error(
      "no subnet is free between 10.88.0.0 and 10.127.255.255; name one with --subnet, or remove "
      "networks (gocker network prune)");
}

Subnet checked_subnet(const Subnet& subnet, const std::vector<Network>& networks) {
  if (subnet.prefix > kLongestPrefix || subnet.prefix < kShortestPrefix) {
    throw Error("subnet " + to_text(subnet) + ": the prefix must be between " +
                std::to_string(kShortestPrefix) + " and " + std::to_string(kLongestPrefix));
  }
  const uint32_t kind = subnet.first >> 24U;
  if (kind == 0 || kind == 127 || kind >= 224) {
    throw Error("subnet " + to_text(subnet) + " is not for hosts; take one of 10.0.0.0/8");
  }
  const std::string holder = holder_of(subnet, networks, host_routes());
  if (holder.empty()) return subnet;
  throw Error("subnet " + to_text(subnet) + " overlaps that of " + holder + "; choose another");
}

uint32_t checked_gateway(uint32_t gateway, const Subnet& subnet) {
  if (gateway > subnet.first && gateway < subnet.last()) return gateway;
  throw Error("gateway " + ipv4_text(gateway) + " is no address for a host in the subnet " +
              to_text(subnet));
}

void write_network(const Fd& directory, const Network& network) {
  replace_file_at(directory, file_of(network.name), to_json(network), 0600, Sync::yes);
}

Network make_default(const NetworkPlaces& places) {
  const Fd directory = lock_networks(places);
  const std::optional<std::string> text =
      read_if_exists_at(directory, file_of(kDefaultNetwork));  // somebody was faster
  if (text) return network_from_json(*text, kDefaultNetwork);
  Network network;
  network.name = kDefaultNetwork;
  network.id = random_hex(kIdDigits);
  network.interface = kDefaultInterface;
  network.subnet = choose_subnet(kDefaultPrefix, kPoolFirst, read_all_networks(directory, places));
  network.gateway = network.subnet.first + 1;
  network.names = false;
  network.created = rfc3339_now();
  write_network(directory, network);
  return network;
}

std::string connected_containers(const NetworkPlaces& places, const Network& network) {
  std::vector<std::string> names;
  for (const Attachment& attachment : attachments(places)) {
    if (attachment.is_on(network)) names.push_back(attachment.label());
  }
  return join(names, ", ");
}

void unlink_network(const NetworkPlaces& places, const Network& network) {
  const Fd directory = lock_networks(places);
  check(::unlinkat(directory.get(), file_of(network.name).c_str(), 0), "unlink", network.name);
}

}  // namespace

bool is_network_mode(std::string_view name) {
  return name == "host" || name == "none";
}

Network Networks::create(const NetworkRequest& request) const {
  const Doing doing("create network", request.name);
  check_object_name(request.name, "network");
  if (is_network_mode(request.name) || request.name == kDefaultNetwork ||
      request.name == "default" || request.name == "container") {
    throw Error("the name is reserved; choose another");
  }
  const Fd directory = lock_networks(places_);
  const std::vector<Network> networks = read_all_networks(directory, places_);
  for (const Network& other : networks) {
    if (other.name == request.name) throw Error("there is one of that name already");
  }
  Network network;
  network.name = request.name;
  network.id = random_hex(kIdDigits);
  network.interface = "gocker-" + network.id.substr(0, kInterfaceDigits);
  // The first /16 is left to the default network, which may not be there yet.
  network.subnet = request.subnet
                       ? checked_subnet(*request.subnet, networks)
                       : choose_subnet(kChosenPrefix, kPoolFirst + (1U << 16U), networks);
  network.gateway = request.gateway ? checked_gateway(*request.gateway, network.subnet)
                                    : network.subnet.first + 1;
  network.internal = request.internal;
  network.created = rfc3339_now();
  network.labels = request.labels;
  write_network(directory, network);
  return network;
}

std::vector<Network> Networks::list() const {
  std::vector<Network> networks = read_all_networks(open_networks(places_), places_);
  const auto is_default = [](const Network& network) { return network.is_default(); };
  if (std::none_of(networks.begin(), networks.end(), is_default)) {
    networks.push_back(make_default(places_));
  }
  std::stable_partition(networks.begin(), networks.end(), is_default);
  return networks;
}

std::optional<Network> Networks::find_if_exists(const std::string& text) const {
  if (text == kDefaultNetwork || text == "default") {
    const Fd directory = open_networks(places_);
    const std::optional<std::string> found = read_if_exists_at(directory, file_of(kDefaultNetwork));
    return found ? network_from_json(*found, kDefaultNetwork) : make_default(places_);
  }
  std::optional<Network> found;
  for (const Network& network : list()) {
    if (network.name == text) return network;
    if (text.empty() || !network.id.starts_with(text)) continue;
    if (found) throw Error("several networks have an id that begins with " + text);
    found = network;
  }
  return found;
}

Network Networks::find(const std::string& text) const {
  std::optional<Network> found = find_if_exists(text);
  if (found) return *std::move(found);
  const std::vector<Network> networks = list();
  std::vector<std::string_view> names = {"none", "host"};
  for (const Network& network : networks) names.emplace_back(network.name);
  const std::string_view meant = nearest(text, names);
  throw Error("there is no network '" + text + "'" +
              (meant.empty() ? "; gocker network ls lists them, gocker network create makes one"
                             : "; did you mean '" + std::string(meant) + "'?"));
}

void Networks::remove(const std::string& text) const {
  const Doing doing("remove network", text);
  const NetworkLock lock(places_);  // no container is connected meanwhile
  const Network network = find(text);
  if (network.is_default()) throw Error("the default network stays");
  const std::string users = connected_containers(places_, network);
  if (!users.empty()) throw Error("it is used by " + users + "; stop what uses it first");
  unlink_network(places_, network);
}

std::vector<std::string> Networks::remove_unused(const std::set<std::string>& kept) const {
  const NetworkLock lock(places_);
  std::vector<std::string> removed;
  for (const Network& network : list()) {
    if (network.is_default() || kept.contains(network.name)) continue;
    if (!connected_containers(places_, network).empty()) continue;
    unlink_network(places_, network);
    removed.push_back(network.name);
  }
  return removed;
}

}  // namespace gocker
