// What a container has of networks, on disk from before it is wired until after it is unwired: so
// that it can be taken back whatever happened to the command that wired it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/network/networks.h"
#include "imagetool/network/places.h"
#include "imagetool/network/ports.h"

namespace gocker {

struct Interface {
  std::string name;  // in the container: eth0, eth1, ...
  Network network;   // as it was when the container joined
  uint32_t address = 0;
  std::string mac;                   // empty until it is wired
  std::vector<std::string> aliases;  // more names of the container in this network

  // "10.88.0.2/16"
  std::string address_text() const;
};

struct Attachment {
  std::string container_id;
  std::string container_name;  // empty: none
  std::vector<Interface> interfaces;
  std::vector<PublishedPort> ports;

  bool is_on(const Network& network) const;
  // What a person knows the container by.
  const std::string& label() const {
    return container_name.empty() ? container_id : container_name;
  }
};

// Those of all containers. No lock: what is being wired is among them.
std::vector<Attachment> attachments(const NetworkPlaces& places);
std::vector<TakenPort> ports_taken(const std::vector<Attachment>& by);
std::optional<Attachment> find_attachment(const NetworkPlaces& places, const std::string& id);

// For those who hold the lock (network_lock.h).
void write_attachment(const NetworkPlaces& places, const Attachment& attachment);
void remove_attachment(const NetworkPlaces& places, const std::string& id);

}  // namespace gocker
