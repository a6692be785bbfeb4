#include "imagetool/containers/removal.h"

#include <fcntl.h>

#include <optional>

#include "imagetool/bundle/bundle.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/monitor.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/wiring.h"
#include "imagetool/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

// One that was never written or is damaged does not keep the container.
std::optional<ContainerRecord> readable_record(const Places& places, const std::string& id) {
  try {
    return read_record(places, id);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// From here on there is no way back: where this is cut off, the next command goes on with it, and
// removes the anonymous volumes that the record still has.
void note_removal(const Places& places, ContainerRecord& record, AnonymousVolumes volumes) {
  record.made = false;
  if (volumes == AnonymousVolumes::keep) record.volumes.clear();
  write_record(places, record);
}

// Where the record cannot tell.
void release_names(const Places& places, const std::string& id) {
  const Fd names = open_file(places.names(), O_RDONLY | O_DIRECTORY);
  for (const std::string& name : list_directory(names, places.names())) {
    release_name(places, name, id);
  }
}

void remove_files(const Places& places, const std::string& id) {
  const Store store(places.root);
  if (open_if_exists(places.container(id), O_PATH)) remove_bundle(store, places.bundle(id));
  const Fd containers = open_file(places.containers(), O_RDONLY | O_DIRECTORY);
  remove_tree_at(containers, id);
}

}  // namespace

void release_resources(const Places& places, const std::string& id) {
  OciRuntime(places).remove(id);
  disconnect_network(places, id);
  if (open_if_exists(places.bundle(id), O_PATH)) unmount_bundle(places.bundle(id));
  remove_monitor_files(places, id);
}

void remove_container(const Places& places, const std::string& id, AnonymousVolumes volumes) {
  const Doing doing("remove container", id);
  auto record = readable_record(places, id);
  OciRuntime(places).remove(id);
  announce_end(places, id, record ? record->exit_code : std::nullopt);
  disconnect_network(places, id);
  if (open_if_exists(places.bundle(id), O_PATH)) unmount_bundle(places.bundle(id));
  remove_monitor_files(places, id);
  if (record) {
    note_removal(places, *record, volumes);
    remove_anonymous_volumes(places, *record);
  }
  remove_files(places, id);
  release_names(places, id);
}

void remove_ended_container(const Places& places, const ContainerRecord& record) {
  const Doing doing("remove container", record.id);
  remove_anonymous_volumes(places, record);
  remove_files(places, record.id);
  release_name(places, record.name, record.id);
}

}  // namespace gocker
