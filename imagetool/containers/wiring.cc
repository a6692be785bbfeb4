#include "imagetool/containers/wiring.h"

#include <fcntl.h>

#include "imagetool/network/connection.h"
#include "imagetool/network/name_files.h"
#include "imagetool/volume/volumes.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

NetworkPlaces network_places(const Places& places) {
  return {places.root, places.run};
}

// --- networks ----------------------------------------------------------------------------------

ConnectRequest request_of(const ContainerRecord& record) {
  ConnectRequest request;
  request.container_id = record.id;
  request.container_name = record.name;
  for (const std::string& name : record.network.names) {
    request.networks.push_back({name, std::nullopt, record.network.aliases});
  }
  if (!record.network.address.empty()) {
    const auto address = parse_ipv4(record.network.address);
    if (!address) throw Error("--ip: '" + record.network.address + "' is no IPv4 address");
    request.networks.front().address = address;
  }
  for (const std::string& port : record.network.ports) request.ports.push_back(parse_port(port));
  return request;
}

NameFilesRequest name_files_of(const ContainerRecord& record) {
  NameFilesRequest request;
  if (record.network.has_namespace()) request.kind = NetworkKind::connected;
  if (record.network.is_host()) request.kind = NetworkKind::host;
  request.hostname = record.hostname;
  request.container_name = record.name;
  request.extra_hosts = record.network.hosts;
  request.dns_servers = record.network.dns_servers;
  request.dns_search = record.network.dns_search;
  request.dns_options = record.network.dns_options;
  return request;
}

void write_files(const Places& places, const ContainerRecord& record, const NameFiles& files) {
  const Fd directory = open_directory(places.container(record.id));
  replace_file_at(directory, "hosts", files.hosts, 0644);
  replace_file_at(directory, "resolv.conf", files.resolv_conf, 0644);
  if (!record.hostname.empty()) replace_file_at(directory, "hostname", files.hostname, 0644);
}

void note_connection(const Connection& connection, ContainerRecord& record) {
  record.addresses.clear();
  for (const Interface& interface : connection.interfaces) {
    record.addresses.push_back({interface.network.name, interface.name, interface.address_text(),
                                ipv4_text(interface.network.gateway)});
  }
  record.ports.clear();
  for (const PublishedPort& port : connection.ports) record.ports.push_back(to_text(port));
}

}  // namespace

void check_network(const Places& places, const ContainerRecord& record) {
  if (!record.network.has_namespace()) return;
  const Networks networks(network_places(places));
  for (const std::string& name : record.network.names) networks.find(name);
  request_of(record);
}

std::vector<Fd> connect_network(const Places& places, ContainerRecord& record) {
  if (!record.network.has_namespace()) return {};
  Connection connection = connect(network_places(places), request_of(record));
  note_connection(connection, record);
  NameFilesRequest request = name_files_of(record);
  for (const Interface& interface : connection.interfaces) {
    request.addresses.push_back(interface.address);
  }
  if (!connection.interfaces.empty()) {
    request.gateway = connection.interfaces.front().network.gateway;
  }
  request.name_servers = connection.name_servers;
  write_files(places, record, make_name_files(request));
  return std::move(connection.port_sockets);
}

void disconnect_network(const Places& places, const std::string& id) {
  const NetworkPlaces network = network_places(places);
  // What is taken is written down before it is made.
  const bool has_namespace =
      static_cast<bool>(open_if_exists(network.network_namespace(id), O_PATH));
  if (has_namespace || find_attachment(network, id)) disconnect(network, id);
}

std::string network_namespace(const Places& places, const std::string& id) {
  return network_places(places).network_namespace(id);
}

void write_name_files(const Places& places, const ContainerRecord& record) {
  write_files(places, record, make_name_files(name_files_of(record)));
}

// --- volumes -----------------------------------------------------------------------------------

void add_volumes(const Places& places, RunOptions& options, ContainerRecord& record) {
  const Volumes volumes(places.root);
  for (const VolumeMount& mount : options.volumes) {
    const Volume volume = volumes.ensure(mount.name, Fd());
    record.volumes.push_back({volume.name, mount.destination, mount.name.empty()});
    // Before the next step: who finds the container half made knows what goes with it.
    write_record(places, record);
    options.mounts.push_back({volume.path, mount.destination, mount.readonly});
  }
}

void fill_volumes(const Places& places, const RunOptions& options, const ContainerRecord& record,
                  const RootDir& rootfs) {
  const Volumes volumes(places.root);
  for (size_t i = 0; i < options.volumes.size(); ++i) {
    const VolumeMount& mount = options.volumes[i];
    if (!mount.copy) continue;
    const Fd content = rootfs.open_if_exists(mount.destination, O_RDONLY | O_DIRECTORY);
    if (content) volumes.ensure(record.volumes[i].name, content);
  }
}

void remove_anonymous_volumes(const Places& places, const ContainerRecord& record) {
  const Volumes volumes(places.root);
  for (const VolumeUse& use : record.volumes) {
    if (use.anonymous && volumes.find_if_exists(use.name)) volumes.remove(use.name);
  }
}

}  // namespace gocker
