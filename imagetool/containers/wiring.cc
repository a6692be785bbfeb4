#include "imagetool/containers/wiring.h"

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {

std::vector<Fd> connect_network(const Places&, ContainerRecord& record) {
  if (record.network.has_namespace()) {
    throw Error("network '" + record.network.names.front() + "': there are none and host");
  }
  return {};
}

void disconnect_network(const Places&, const std::string&) {}

std::string network_namespace(const Places& places, const std::string& id) {
  return places.run + "/netns/" + id;
}

void write_name_files(const Places& places, const ContainerRecord& record) {
  const Fd directory = open_directory(places.container(record.id));
  replace_file_at(directory, "hostname", record.hostname + "\n", 0644);
}

void add_volumes(const Places&, RunOptions& options, ContainerRecord&) {
  for (const VolumeMount& volume : options.volumes) {
    throw Error("volume " + volume.name + ": not there yet");
  }
}

void fill_volumes(const Places&, const RunOptions&, const ContainerRecord&, const RootDir&) {}

void remove_anonymous_volumes(const Places&, const ContainerRecord&) {}

}  // namespace gocker
