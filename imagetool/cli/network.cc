#include <array>
#include <nlohmann/json.hpp>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/named_things.h"
#include "imagetool/network/attachment.h"
#include "imagetool/network/networks.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

using Json = nlohmann::ordered_json;

NetworkPlaces network_places(const Global& global) {
  return {global.root, global.run_root};
}

uint32_t parse_gateway(const std::string& text) {
  const std::optional<uint32_t> address = parse_ipv4(text);
  if (!address) throw UsageError("--gateway: '" + text + "' is no IPv4 address");
  return *address;
}

constexpr std::array kCreateOptions = {
    Option{"subnet", 0, "ADDRESS/PREFIX", "its addresses; default: a /24 that is free here"},
    Option{"gateway", 0, "ADDRESS", "the host's own; default: the first of the subnet"},
    Option{"internal", 0, "", "no way out: its containers reach each other and the host only"},
    Option{"label", 0, "KEY=VALUE", "a note, may be repeated"},
    Option{"driver", 'd', "bridge", "the only kind there is"},
};

void create(const Global& global, const Arguments& arguments) {
  const std::string driver = arguments.value("driver", "bridge");
  if (driver != "bridge") throw UsageError("--driver: there is none but bridge");
  NetworkRequest request;
  request.name = arguments.positionals()[0];
  if (arguments.has("subnet")) request.subnet = parse_subnet(arguments.value("subnet"));
  if (arguments.has("gateway")) request.gateway = parse_gateway(arguments.value("gateway"));
  if (request.gateway && !request.subnet) throw UsageError("--gateway needs --subnet");
  request.internal = arguments.has("internal");
  request.labels = parse_labels(arguments.values("label"));
  print(Networks(network_places(global)).create(request).id + "\n");
}

constexpr std::array kListOptions = {
    Option{"quiet", 'q', "", "the names alone"},
    Option{"format", 0, "table|json", "a table for people (default), or JSON"},
};

std::string quiet_list(const std::vector<Network>& networks) {
  std::string text;
  for (const Network& network : networks) text += network.name + "\n";
  return text;
}

std::string table_of(const std::vector<Network>& networks) {
  constexpr size_t kShortId = 12;
  std::vector<std::vector<std::string>> rows = {
      {"ID", "NAME", "DRIVER", "SUBNET", "INTERFACE", "INTERNAL"}};
  for (const Network& network : networks) {
    rows.push_back({network.id.substr(0, kShortId), network.name, "bridge", to_text(network.subnet),
                    network.interface, network.internal ? "yes" : "no"});
  }
  return table(rows);
}

std::string json_list(const std::vector<Network>& networks) {
  Json list = Json::array();
  for (const Network& network : networks) list.push_back(Json::parse(to_json(network)));
  return list.dump(2) + "\n";
}

void list(const Global& global, const Arguments& arguments) {
  const Format format = table_or_json(arguments);
  const std::vector<Network> networks = Networks(network_places(global)).list();
  if (arguments.has("quiet")) return print(quiet_list(networks));
  print(format == Format::json ? json_list(networks) : table_of(networks));
}

void remove(const Global& global, const Arguments& arguments) {
  const Networks networks(network_places(global));
  for_each_name(arguments.positionals(), [&](const std::string& name) { networks.remove(name); });
}

Json container_json(const Attachment& attachment, const Interface& interface) {
  Json ports = Json::array();
  for (const PublishedPort& port : attachment.ports) ports.push_back(to_text(port));
  return {{"id", attachment.container_id}, {"name", attachment.container_name},
          {"interface", interface.name},   {"address", interface.address_text()},
          {"mac", interface.mac},          {"aliases", interface.aliases},
          {"ports", std::move(ports)}};
}

void inspect(const Global& global, const Arguments& arguments) {
  const NetworkPlaces places = network_places(global);
  const Networks networks(places);
  const std::vector<Attachment> all = attachments(places);
  Json list = Json::array();
  for (const std::string& name : arguments.positionals()) {
    const Network network = networks.find(name);
    Json json = Json::parse(to_json(network));
    json["containers"] = Json::array();
    for (const Attachment& attachment : all) {
      for (const Interface& interface : attachment.interfaces) {
        if (interface.network.id != network.id) continue;
        json["containers"].push_back(container_json(attachment, interface));
      }
    }
    list.push_back(std::move(json));
  }
  print(list.dump(2) + "\n");
}

constexpr std::array kPruneOptions = {
    Option{"force", 'f', "", "accepted; nothing is asked"},
};

// What stopped containers are to join at their next start stays.
void prune(const Global& global, const Arguments& /*arguments*/) {
  std::set<std::string> wanted;
  for (const ContainerRecord& record : records(places_of(global))) {
    wanted.insert(record.network.names.begin(), record.network.names.end());
  }
  for (const std::string& name : Networks(network_places(global)).remove_unused(wanted)) {
    print(name + "\n");
  }
}

}  // namespace

const Command kNetworkCreate = {
    "network create",
    "NAME",
    "make a network for containers; prints its id",
    "Its containers find each other by name, and reach other networks through the host unless\n"
    "--internal says otherwise. Subnets are chosen between 10.88.0.0 and 10.127.255.255.\n",
    kCreateOptions,
    1,
    1,
    create,
};

const Command kNetworkList = {
    "network ls",
    "",
    "list the networks",
    "The first one, bridge, is what containers join where nothing else is said.\n",
    kListOptions,
    0,
    0,
    list,
};

const Command kNetworkRemove = {
    "network rm",
    "NETWORK...",
    "remove networks that no running container is on; prints the names",
    "A NETWORK is a name or the beginning of an id. Stopped containers keep the name: they cannot\n"
    "be started until there is a network of that name again.\n",
    {},
    1,
    kAnyNumber,
    remove,
};

const Command kNetworkInspect = {
    "network inspect",
    "NETWORK...",
    "all that is known of networks and the containers on them, as JSON",
    "",
    {},
    1,
    kAnyNumber,
    inspect,
};

const Command kNetworkPrune = {
    "network prune",
    "",
    "remove all networks that no container names, running or not; prints the names",
    "",
    kPruneOptions,
    0,
    0,
    prune,
};

}  // namespace gocker::cli
