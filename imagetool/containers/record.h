// What is known of a container: what a person asked for, and what happened. A JSON file that is
// replaced as a whole. Whether the container runs is not in it: that is asked of the runtime.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/containers/places.h"

namespace gocker {

struct RestartPolicy {
  enum class When { never, on_failure, always, unless_stopped } when = When::never;
  uint64_t most = 0;  // restarts in a row; 0: any number
};

// "no", "always", "unless-stopped", "on-failure[:N]".
RestartPolicy parse_restart_policy(std::string_view text);
std::string to_text(const RestartPolicy& policy);

// What the network is made of, at each start anew.
struct NetworkWish {
  std::vector<std::string> names;    // of networks; or "none" or "host" alone
  std::vector<std::string> aliases;  // more names for this container
  std::string address;               // in the first network; empty: any
  std::vector<std::string> ports;    // as -p takes them
  std::vector<std::string> dns_servers;
  std::vector<std::string> dns_search;
  std::vector<std::string> dns_options;
  std::vector<std::string> hosts;  // "NAME:ADDRESS"

  bool is_none() const { return names == std::vector<std::string>{"none"}; }
  bool is_host() const { return names == std::vector<std::string>{"host"}; }
  bool has_namespace() const { return !is_none() && !is_host(); }
};

struct VolumeUse {
  std::string name;
  std::string destination;
  bool anonymous = false;  // goes with the container
};

// What came of the network at the last start.
struct NetworkAddress {
  std::string network;
  std::string interface;
  std::string address;  // "10.88.0.2/16"
  std::string gateway;
};

struct ContainerRecord {
  std::string id;
  bool made = false;                 // else it is being made or removed, or that was cut off
  std::string name;                  // empty: none
  std::string image;                 // as it was asked for
  std::string digest;                // of its manifest
  std::string created;               // RFC 3339, as are the other times
  std::vector<std::string> command;  // the program and its arguments
  std::string hostname;
  std::map<std::string, std::string> labels;
  bool terminal = false;
  bool interactive = false;
  bool stdin_once = false;  // its stdin ends with the input of the first client
  bool remove = false;      // when it has ended
  RestartPolicy restart;
  std::string stop_signal = "SIGTERM";
  uint64_t stop_timeout = 10;  // seconds
  uint64_t log_size = 0;       // bytes that the log may have; 0: any number
  NetworkWish network;
  std::vector<VolumeUse> volumes;

  // What happened. It has run where `started` is set; it has ended where `finished` is, too.
  std::string started;
  std::string finished;
  std::optional<int> exit_code;  // nothing where it is unknown or the container has not ended
  std::string boot_id;           // of the boot in which it was started last
  uint64_t restarts = 0;         // in a row, by its policy
  bool stopped = false;          // by a person: the policy rests
  bool waits_to_restart = false;
  std::vector<NetworkAddress> addresses;
  std::vector<std::string> ports;  // "0.0.0.0:8080->80/tcp"

  bool is_unfinished() const { return !started.empty() && finished.empty(); }
};

// Nothing where there is no such container (any more).
std::optional<ContainerRecord> read_record(const Places& places, const std::string& id);
// Throws where the container's directory is gone.
void write_record(const Places& places, const ContainerRecord& record);

// Those of all containers that are made, the newest first; damaged records are left out.
std::vector<ContainerRecord> records(const Places& places);

}  // namespace gocker
