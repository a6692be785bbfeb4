#include "imagetool/containers/create.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "imagetool/bundle/bundle.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/wiring.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/signals.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

bool is_mounted_at(const RunOptions& options, const std::string& destination) {
  const auto is_there = [&](const auto& mount) { return mount.destination == destination; };
  return std::any_of(options.mounts.begin(), options.mounts.end(), is_there) ||
         std::any_of(options.volumes.begin(), options.volumes.end(), is_there) ||
         std::any_of(options.tmpfs.begin(), options.tmpfs.end(), is_there);
}

// An image's VOLUME is an anonymous volume where a person mounts nothing there.
void add_image_volumes(const oci::ContainerDefaults& image, RunOptions& options) {
  for (const std::string& destination : image.volumes) {
    if (!is_mounted_at(options, destination)) options.volumes.push_back({"", destination});
  }
}

// What the image says and no person.
void adopt_defaults(const oci::ContainerDefaults& image, ContainerRecord& record) {
  if (record.stop_signal.empty()) record.stop_signal = image.stop_signal;
  if (record.stop_signal.empty()) record.stop_signal = "SIGTERM";
  parse_signal(record.stop_signal);
  for (const auto& [name, value] : image.labels) record.labels.emplace(name, value);
}

// Whoever shares the host's network or its UTS namespace is called as the host is.
bool has_own_name(const ContainerRecord& record, const RunOptions& options) {
  return !record.network.is_host() &&
         std::find(options.host_namespaces.begin(), options.host_namespaces.end(),
                   oci::NamespaceType::uts) == options.host_namespaces.end();
}

void mount_name_files(const Places& places, const ContainerRecord& record, RunOptions& options) {
  for (const char* name : {"hosts", "hostname", "resolv.conf"}) {
    const std::string source = places.container(record.id) + "/" + name;
    const std::string destination = std::string("/etc/") + name;
    if (!open_if_exists(source, O_PATH) || is_mounted_at(options, destination)) continue;
    options.mounts.push_back({source, destination});
  }
}

void choose_network(const Places& places, const ContainerRecord& record, RunOptions& options) {
  options.network = NetworkMode::none;
  if (record.network.is_host()) options.network = NetworkMode::host;
  if (!record.network.has_namespace()) return;
  options.network = NetworkMode::joined;
  options.network_namespace = network_namespace(places, record.id);
}

void make(const Places& places, const Store& store, const Image& image, RunOptions& options,
          ContainerRecord& record, Notes& notes) {
  const std::string directory = places.container(record.id);
  // Others may pass: the bundle's files are the container's users'.
  check(::mkdir(directory.c_str(), 0711), "mkdir", directory);
  if (!record.name.empty()) claim_name(places, record.name, record.id);
  check_network(places, record);
  add_image_volumes(image.config.config, options);
  add_volumes(places, options, record);
  write_name_files(places, record);
  mount_name_files(places, record, options);
  choose_network(places, record, options);
  const oci::Spec spec =
      make_bundle(store, image, places.bundle(record.id), BundleKind::automatic, options, notes);
  record.command = spec.process->args;
  if (!options.init.empty())
    record.command.erase(record.command.begin(), record.command.begin() + 2);
  if (!record.volumes.empty()) {
    fill_volumes(places, options, record,
                 RootDir::open_host_path(places.bundle(record.id) + "/rootfs"));
  }
  record.made = true;
}

}  // namespace

CreatedContainer create_container(const Places& places, const Store& store, const Image& image,
                                  ContainerRecord wish, RunOptions options) {
  const std::string id = new_container_id(places);
  CreatedContainer created{std::move(wish), Transition(places, id, "create"), {}};
  ContainerRecord& record = created.record;
  record.id = id;
  record.digest = image.digest;
  record.created = rfc3339_now();
  if (options.hostname.empty() && has_own_name(record, options)) options.hostname = id;
  record.hostname = options.hostname;
  adopt_defaults(image.config.config, record);
  try {
    make(places, store, image, options, record, created.notes);
  } catch (...) {
    remove_container(places, id);
    throw;
  }
  return created;
}

}  // namespace gocker
