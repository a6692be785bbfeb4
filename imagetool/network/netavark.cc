#include "imagetool/network/netavark.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>

#include "imagetool/network/network_lock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kFolders = {"/usr/lib/podman/", "/usr/libexec/podman/",
                                 "/usr/local/libexec/podman/", "/usr/local/lib/podman/"};
constexpr std::chrono::seconds kTimeout(60);  // it ends in 0.3 s on an idle machine

// The program's path, or nothing where it is not installed.
std::string find_program(const std::string& name) {
  for (const char* folder : kFolders) {
    if (open_if_exists(folder + name, O_PATH)) return folder + name;
  }
  return {};
}

std::string required_program(const std::string& name) {
  std::string path = find_program(name);
  if (!path.empty()) return path;
  throw Error(name + " is not installed (looked in " + kFolders[0] + " and " + kFolders[1] +
              "); 'apt-get install " + name + "' or 'scripts/install-packages run' brings it");
}

// What netavark calls the network. It derives the names of firewall chains from it, so it must be
// one that no other store of networks on this host has: the interface's is.
const std::string& key_of(const Network& network) {
  return network.interface;
}

Json join_json(const Attachment& attachment, const Interface& interface) {
  Json json = {{"interface_name", interface.name}, {"static_ips", {ipv4_text(interface.address)}}};
  Json names = Json::array();
  for (const std::string& alias : interface.aliases) names.push_back(alias);
  if (interface.network.names) names.push_back(attachment.container_id);
  json["aliases"] = std::move(names);
  return json;
}

Json network_json(const Network& network) {
  const Json subnet = {{"subnet", to_text(network.subnet)},
                       {"gateway", ipv4_text(network.gateway)}};
  return {{"name", key_of(network)},
          {"id", network.id},
          {"driver", "bridge"},
          {"network_interface", network.interface},
          {"subnets", Json::array({subnet})},
          {"ipv6_enabled", false},
          {"internal", network.internal},
          {"dns_enabled", network.names},
          {"ipam_options", {{"driver", "host-local"}}}};
}

Json port_json(const PublishedPort& port) {
  return {{"host_ip", port.host_ip == 0 ? std::string() : ipv4_text(port.host_ip)},
          {"host_port", port.host_port},
          {"container_port", port.container_port},
          {"protocol", name_of(port.protocol)},
          {"range", 1}};
}

std::string request_text(const Attachment& attachment) {
  Json json;
  json["container_id"] = attachment.container_id;
  json["container_name"] = attachment.label();
  json["port_mappings"] = Json::array();
  for (const PublishedPort& port : attachment.ports) {
    json["port_mappings"].push_back(port_json(port));
  }
  for (const Interface& interface : attachment.interfaces) {
    const std::string& key = key_of(interface.network);
    json["networks"][key] = join_json(attachment, interface);
    json["network_info"][key] = network_json(interface.network);
  }
  return json.dump();
}

// What netavark says in {"error": "..."}, in one line.
std::string error_in(const std::string& output, const std::string& errors) {
  const Json json = Json::parse(output, nullptr, false);
  std::string text = json.is_object() && json.contains("error") && json["error"].is_string()
                         ? json["error"].get<std::string>()
                         : std::string(trim(output.empty() ? errors : output));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text.empty() ? "no word of why" : text;
}

std::string call(const NetworkPlaces& places, const char* action, const Attachment& attachment) {
  Command command;
  command.path = required_program("netavark");
  command.args = {"netavark", "--config", places.aardvark()};
  const std::string aardvark = find_program("aardvark-dns");
  if (!aardvark.empty()) command.args.insert(command.args.end(), {"--aardvark-binary", aardvark});
  command.args.insert(command.args.end(),
                      {action, places.network_namespace(attachment.container_id)});
  command.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  command.input = request_text(attachment);
  command.timeout = kTimeout;
  command.started = [&](pid_t pid) { note_worker(places, pid); };
  const CommandResult result = run_command(command);
  if (result.timed_out) {
    throw Error(std::string("netavark ") + action + ": no end within 60 seconds");
  }
  if (result.wait_status != 0) {
    throw Error(std::string("netavark ") + action + ": " + error_in(result.output, result.errors));
  }
  return result.output;
}

}  // namespace

void netavark_setup(const NetworkPlaces& places, Attachment& attachment) {
  for (const Interface& interface : attachment.interfaces) {
    if (interface.network.names) required_program("aardvark-dns");
  }
  const std::string output = call(places, "setup", attachment);
  const Json answer = Json::parse(output, nullptr, false);
  for (Interface& interface : attachment.interfaces) {
    const Json::json_pointer place("/" + key_of(interface.network) + "/interfaces/" +
                                   interface.name + "/mac_address");
    if (answer.is_object() && answer.contains(place) && answer[place].is_string()) {
      interface.mac = answer[place].get<std::string>();
    }
  }
}

void netavark_teardown(const NetworkPlaces& places, const Attachment& attachment) {
  call(places, "teardown", attachment);
}

}  // namespace gocker
