#include "imagetool/network/connection.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "imagetool/lifeline.h"
#include "imagetool/network/host_interfaces.h"
#include "imagetool/network/netavark.h"
#include "imagetool/network/network_lock.h"
#include "imagetool/network/network_namespace.h"
#include "imagetool/network/networks.h"
#include "imagetool/network/pasta.h"
#include "imagetool/object_name.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"

namespace gocker {
namespace {

// Who has which address of a network.
std::map<uint32_t, std::string> addresses_taken(const Network& network,
                                                const std::vector<Attachment>& others) {
  std::map<uint32_t, std::string> taken = {{network.gateway, "the gateway"}};
  for (const Attachment& attachment : others) {
    for (const Interface& interface : attachment.interfaces) {
      if (interface.network.id == network.id) {
        taken.emplace(interface.address, "container " + attachment.label());
      }
    }
  }
  return taken;
}

uint32_t wanted_address(const Network& network, uint32_t address,
                        const std::map<uint32_t, std::string>& taken) {
  const std::string text = "address " + ipv4_text(address);
  if (address <= network.subnet.first || address >= network.subnet.last()) {
    throw Error(text + " is no address for a host in the subnet " + to_text(network.subnet) +
                " of network " + network.name);
  }
  const auto holder = taken.find(address);
  if (holder == taken.end()) return address;
  throw Error(text + " of network " + network.name + " is that of " + holder->second);
}

uint32_t free_address(const Network& network, const std::map<uint32_t, std::string>& taken) {
  for (uint32_t address = network.subnet.first + 1; address < network.subnet.last(); ++address) {
    if (!taken.contains(address)) return address;
  }
  throw Error("network " + network.name + " has no free address in " + to_text(network.subnet) +
              "; stop containers of it, or make a network with a larger --subnet");
}

// netavark would make use of an interface of that name whosever it is.
void check_bridge_is_ours(const Network& network) {
  const std::optional<uint32_t> address = interface_address(network.interface);
  if (!address || *address == network.gateway) return;
  throw Error("network " + network.name + ": the host has an interface " + network.interface +
              " with the address " + ipv4_text(*address) + " already, which is not this network's");
}

Interface take_interface(const Networks& networks, const NetworkJoin& join, size_t number,
                         const std::vector<Attachment>& others) {
  Interface interface;
  interface.name = "eth" + std::to_string(number);
  interface.network = networks.find(join.network);
  check_bridge_is_ours(interface.network);
  const std::map<uint32_t, std::string> taken = addresses_taken(interface.network, others);
  interface.address = join.address ? wanted_address(interface.network, *join.address, taken)
                                   : free_address(interface.network, taken);
  for (const std::string& alias : join.aliases) check_object_name(alias, "container in a network");
  if (interface.network.names) interface.aliases = join.aliases;
  return interface;
}

Attachment take_interfaces(const NetworkPlaces& places, const ConnectRequest& request,
                           const std::vector<Attachment>& others) {
  if (request.networks.empty()) throw Error("connect a container: no network is named");
  const Networks networks(places);
  Attachment attachment{request.container_id, request.container_name, {}, {}};
  std::set<std::string> joined;
  for (const NetworkJoin& join : request.networks) {
    Interface interface = take_interface(networks, join, attachment.interfaces.size(), others);
    if (!joined.insert(interface.network.id).second) {
      throw Error("network " + interface.network.name + " is named twice");
    }
    attachment.interfaces.push_back(std::move(interface));
  }
  return attachment;
}

// Whether a bridge of the attachment's is still there though nobody else is on it.
bool is_bridge_left(const Attachment& attachment, const std::vector<Attachment>& all) {
  for (const Interface& interface : attachment.interfaces) {
    if (!has_interface(interface.network.interface)) continue;
    const bool is_used = std::any_of(all.begin(), all.end(), [&](const Attachment& other) {
      return other.container_id != attachment.container_id && other.is_on(interface.network);
    });
    if (!is_used) return true;
  }
  return false;
}

// netavark's teardown ends half-way at whatever is not there. Where it did, or where its setup was
// cut off, a fresh namespace is wired completely, which is then as netavark expects it. Interfaces
// of the namespace that is gone vanish when the kernel finds the time; until then netavark takes
// the network for used and leaves it.
void repair_and_unwire(const NetworkPlaces& places, Attachment& attachment) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPause(100);
  const auto deadline = Clock::now() + std::chrono::seconds(20);  // it takes long on a busy machine
  const std::string path = places.network_namespace(attachment.container_id);
  const std::vector<Attachment> all = attachments(places);
  while (true) {
    remove_network_namespace(path);
    make_network_namespace(path);
    netavark_setup(places, attachment);
    netavark_teardown(places, attachment);
    if (!is_bridge_left(attachment, all) || Clock::now() > deadline) return;
    std::this_thread::sleep_for(kPause);
  }
}

void unwire(const NetworkPlaces& places, Attachment attachment) {
  const std::string path = places.network_namespace(attachment.container_id);
  if (is_network_namespace(path)) {
    try {
      return netavark_teardown(places, attachment);
    } catch (const Error& error) {
      log(LogLevel::warning, error.what());
    }
  }
  repair_and_unwire(places, attachment);
}

// For those who hold the lock.
void take_back(const NetworkPlaces& places, const std::string& id) {
  const std::optional<Attachment> attachment = find_attachment(places, id);
  if (attachment) unwire(places, *attachment);
  remove_network_namespace(places.network_namespace(id));
  if (attachment) remove_attachment(places, id);
}

std::vector<uint32_t> name_servers_of(const Attachment& attachment) {
  std::vector<uint32_t> servers;
  for (const Interface& interface : attachment.interfaces) {
    if (interface.network.names) servers.push_back(interface.network.gateway);
  }
  return servers;
}

void wire(const NetworkPlaces& places, Attachment& attachment) {
  write_attachment(places, attachment);
  try {
    make_network_namespace(places.network_namespace(attachment.container_id));
    netavark_setup(places, attachment);
    write_attachment(places, attachment);
  } catch (...) {
    try {
      take_back(places, attachment.container_id);
    } catch (const std::exception& error) {
      log(LogLevel::warning, error.what());  // the next call takes it back
    }
    throw;
  }
}

}  // namespace

Connection connect(const NetworkPlaces& places, const ConnectRequest& request) {
  const NetworkLock lock(places);
  if (is_users(places.run)) {
    disconnect_from_pasta(places, request.container_id);
    return connect_by_pasta(places, request);
  }
  take_back(places, request.container_id);
  const std::vector<Attachment> others = attachments(places);
  Attachment attachment = take_interfaces(places, request, others);
  HeldPorts held = hold_ports(request.ports, ports_taken(others));
  attachment.ports = held.ports;
  wire(places, attachment);
  Connection connection;
  connection.network_namespace = places.network_namespace(request.container_id);
  connection.name_servers = name_servers_of(attachment);
  connection.interfaces = std::move(attachment.interfaces);
  connection.ports = std::move(held.ports);
  connection.port_sockets = std::move(held.sockets);
  return connection;
}

void disconnect(const NetworkPlaces& places, const std::string& container_id) {
  const Doing doing("disconnect container", container_id);
  const NetworkLock lock(places);
  is_users(places.run) ? disconnect_from_pasta(places, container_id)
                       : take_back(places, container_id);
}

}  // namespace gocker
