#include "imagetool/network/attachment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "oci-spec/json_fields.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::array<std::string_view, 2> kProtocolNames = {"tcp", "udp"};

std::string file_of(const std::string& id) {
  return std::string(id).append(kSuffix);
}

nlohmann::ordered_json json_of(const Interface& interface) {
  return {{"name", interface.name},
          {"address", ipv4_text(interface.address)},
          {"mac", interface.mac},
          {"aliases", interface.aliases},
          {"network", nlohmann::ordered_json::parse(to_json(interface.network))}};
}

nlohmann::ordered_json json_of(const PublishedPort& port) {
  return {{"hostIp", ipv4_text(port.host_ip)},
          {"hostPort", port.host_port},
          {"containerPort", port.container_port},
          {"protocol", name_of(port.protocol)}};
}

std::string to_json(const Attachment& attachment) {
  nlohmann::ordered_json json;
  json["containerId"] = attachment.container_id;
  json["containerName"] = attachment.container_name;
  json["interfaces"] = nlohmann::ordered_json::array();
  for (const Interface& interface : attachment.interfaces) {
    json["interfaces"].push_back(json_of(interface));
  }
  json["ports"] = nlohmann::ordered_json::array();
  for (const PublishedPort& port : attachment.ports) json["ports"].push_back(json_of(port));
  return json.dump(2) + "\n";
}

uint32_t read_address(const oci::Fields& fields, const char* name) {
  std::string text;
  fields.required(name, text);
  const std::optional<uint32_t> address = parse_ipv4(text);
  if (!address) fields.refuse(name, "is no IPv4 address");
  return *address;
}

void read_interface(const oci::Fields& fields, Interface& interface) {
  fields.required("name", interface.name);
  interface.address = read_address(fields, "address");
  fields.optional("mac", interface.mac);
  fields.optional("aliases", interface.aliases);
  fields.required("network", interface.network, read_network);
}

void read_published_port(const oci::Fields& fields, PublishedPort& port) {
  port.host_ip = read_address(fields, "hostIp");
  fields.required("hostPort", port.host_port);
  fields.required("containerPort", port.container_port);
  fields.required_one_of("protocol", port.protocol, kProtocolNames);
}

Attachment attachment_from_json(std::string_view text, std::string_view file) {
  Attachment attachment;
  const oci::JsonDocument document(text, file, oci::kImageLimits);
  const oci::Fields fields = document.fields();
  fields.required("containerId", attachment.container_id);
  fields.optional("containerName", attachment.container_name);
  fields.required("interfaces", attachment.interfaces, read_interface);
  fields.required("ports", attachment.ports, read_published_port);
  return attachment;
}

}  // namespace

std::string Interface::address_text() const {
  return ipv4_text(address) + "/" + std::to_string(network.subnet.prefix);
}

bool Attachment::is_on(const Network& network) const {
  return std::any_of(interfaces.begin(), interfaces.end(), [&](const Interface& interface) {
    return interface.network.id == network.id;
  });
}

std::vector<TakenPort> ports_taken(const std::vector<Attachment>& by) {
  std::vector<TakenPort> taken;
  for (const Attachment& attachment : by) {
    for (const PublishedPort& port : attachment.ports) taken.push_back({port, attachment.label()});
  }
  return taken;
}

std::optional<Attachment> find_attachment(const NetworkPlaces& places, const std::string& id) {
  const std::string path = places.attachments() + "/" + file_of(id);
  const Fd file = open_if_exists(path, O_RDONLY);
  if (!file) return std::nullopt;
  return attachment_from_json(read_all(file, path), path);
}

std::vector<Attachment> attachments(const NetworkPlaces& places) {
  std::vector<Attachment> all;
  const Fd directory = open_if_exists(places.attachments(), O_RDONLY | O_DIRECTORY);
  if (!directory) return all;
  for (const std::string& file : list_directory(directory, places.attachments())) {
    if (file.starts_with('.') || !file.ends_with(kSuffix)) continue;
    const std::optional<std::string> text = read_if_exists_at(directory, file);
    if (text) all.push_back(attachment_from_json(*text, places.attachments() + "/" + file));
  }
  return all;
}

void write_attachment(const NetworkPlaces& places, const Attachment& attachment) {
  replace_file_at(open_directory(places.attachments()), file_of(attachment.container_id),
                  to_json(attachment), 0600);
}

void remove_attachment(const NetworkPlaces& places, const std::string& id) {
  const Fd directory = open_directory(places.attachments());
  if (::unlinkat(directory.get(), file_of(id).c_str(), 0) != 0 && errno != ENOENT) {
    throw_errno("remove the attachment of", id);
  }
}

}  // namespace gocker
