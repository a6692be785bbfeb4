#include <fcntl.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/listing.h"
#include "imagetool/pull/progress.h"
#include "imagetool/store/usage.h"
#include "imagetool/volume/volumes.h"
#include "runtime/base/file.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"format", 0, "table|json", "a table for people (default), or JSON with bytes"},
};

void add(bool is_active, uint64_t bytes, Usage& usage) {
  ++usage.total;
  usage.bytes += bytes;
  if (is_active) {
    ++usage.active;
  } else {
    usage.reclaimable += bytes;
  }
}

// A container's own files: its changes, log and records; mounts do not count.
Usage container_usage(const Places& places) {
  Usage usage;
  const Fd directory = open_if_exists(places.containers(), O_RDONLY | O_DIRECTORY);
  for (const ListedContainer& container : list_containers(places)) {
    add(container.is_alive(), disk_usage(directory, container.record.id), usage);
  }
  return usage;
}

Usage volume_usage(const Global& global, const Places& places) {
  std::set<std::string> used;
  for (const ContainerRecord& record : records(places)) {
    for (const VolumeUse& use : record.volumes) used.insert(use.name);
  }
  Usage usage;
  const Fd directory = open_if_exists(global.root + "/volumes", O_RDONLY | O_DIRECTORY);
  for (const Volume& volume : Volumes(global.root).list()) {
    add(used.contains(volume.name), disk_usage(directory, volume.name), usage);
  }
  return usage;
}

struct Row {
  const char* type;
  Usage usage;
};

std::array<Row, 5> rows_of(const Global& global) {
  const Places places = places_of(global);
  const StoreUsage store = store_usage(Store(global.root));
  return {{{"Images", store.images},
           {"Containers", container_usage(places)},
           {"Volumes", volume_usage(global, places)},
           {"Build cache", store.build_cache},
           {"Partial downloads", store.partial}}};
}

std::string reclaimable_of(const Usage& usage) {
  std::string size = human_size(usage.reclaimable);
  if (usage.bytes == 0) return size;
  return size + " (" + std::to_string(usage.reclaimable * 100 / usage.bytes) + "%)";
}

std::string to_table(const std::array<Row, 5>& rows) {
  std::vector<std::vector<std::string>> cells = {
      {"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"}};
  for (const auto& [type, usage] : rows) {
    cells.push_back({type, std::to_string(usage.total), std::to_string(usage.active),
                     human_size(usage.bytes), reclaimable_of(usage)});
  }
  return table(cells);
}

std::string to_json(const std::array<Row, 5>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [type, usage] : rows) {
    list.push_back({{"type", type},
                    {"total", usage.total},
                    {"active", usage.active},
                    {"size", usage.bytes},
                    {"reclaimable", usage.reclaimable}});
  }
  return list.dump(2) + "\n";
}

void run(const Global& global, const Arguments& arguments) {
  const Format format = table_or_json(arguments);
  const std::array<Row, 5> rows = rows_of(global);
  print(format == Format::json ? to_json(rows) : to_table(rows));
}

}  // namespace

const Command kDf = {
    "df",
    "",
    "show how much of the disk images, containers, volumes and the rest take",
    "ACTIVE images are those of containers and bundles, active containers those that run, active\n"
    "volumes those of containers. RECLAIMABLE is what goes with the others ('gocker system prune\n"
    "--all --volumes', 'gocker volume prune --all'). Images: packed and unpacked layers, each "
    "once.\n",
    kOptions,
    0,
    0,
    run,
};

}  // namespace gocker::cli
