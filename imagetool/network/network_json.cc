#include <nlohmann/json.hpp>

#include "imagetool/network/networks.h"
#include "oci-spec/json_fields.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

uint32_t read_address(const oci::Fields& fields, const char* name) {
  std::string text;
  fields.required(name, text);
  const std::optional<uint32_t> address = parse_ipv4(text);
  if (!address) fields.refuse(name, "is no IPv4 address");
  return *address;
}

}  // namespace

std::string to_json(const Network& network) {
  nlohmann::ordered_json json;
  json["name"] = network.name;
  json["id"] = network.id;
  json["driver"] = "bridge";
  json["interface"] = network.interface;
  json["subnet"] = to_text(network.subnet);
  json["gateway"] = ipv4_text(network.gateway);
  json["internal"] = network.internal;
  json["names"] = network.names;
  json["created"] = network.created;
  json["labels"] = network.labels;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void read_network(const oci::Fields& fields, Network& network) {
  std::string subnet;
  fields.required("name", network.name);
  fields.required("id", network.id);
  fields.required("interface", network.interface);
  fields.required("subnet", subnet);
  network.subnet = parse_subnet(subnet);
  network.gateway = read_address(fields, "gateway");
  fields.required("internal", network.internal);
  fields.required("names", network.names);
  fields.optional("created", network.created);
  fields.optional("labels", network.labels);
}

Network network_from_json(std::string_view text, std::string_view file) {
  Network network;
  const oci::JsonDocument document(text, file, oci::kImageLimits);
  read_network(document.fields(), network);
  return network;
}

}  // namespace gocker
