#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/named_things.h"
#include "imagetool/volume/volumes.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kCreateOptions = {
    Option{"label", 0, "KEY=VALUE", "a note, may be repeated"},
    Option{"driver", 'd', "local", "the only kind there is"},
};

void create(const Global& global, const Arguments& arguments) {
  if (arguments.value("driver", "local") != "local") {
    throw UsageError("--driver: there is none but local");
  }
  const auto& names = arguments.positionals();
  const Volumes volumes(global.root);
  print(
      volumes.create(names.empty() ? "" : names[0], parse_labels(arguments.values("label"))).name +
      "\n");
}

constexpr std::array kListOptions = {
    Option{"quiet", 'q', "", "the names alone"},
    Option{"format", 0, "table|json", "a table for people (default), or JSON"},
};

std::string quiet_list(const std::vector<Volume>& volumes) {
  std::string text;
  for (const Volume& volume : volumes) text += volume.name + "\n";
  return text;
}

std::string table_of(const std::vector<Volume>& volumes) {
  constexpr size_t kDate = 10;
  std::vector<std::vector<std::string>> rows = {{"NAME", "CREATED", "PATH"}};
  for (const Volume& volume : volumes) {
    rows.push_back({volume.name, volume.created.substr(0, kDate), volume.path});
  }
  return table(rows);
}

std::string json_list(const std::vector<Volume>& volumes) {
  Json list = Json::array();
  for (const Volume& volume : volumes) list.push_back(Json::parse(to_json(volume)));
  return list.dump(2) + "\n";
}

void list(const Global& global, const Arguments& arguments) {
  const Format format = table_or_json(arguments);
  const std::vector<Volume> volumes = Volumes(global.root).list();
  if (arguments.has("quiet")) return print(quiet_list(volumes));
  print(format == Format::json ? json_list(volumes) : table_of(volumes));
}

// Who uses each volume, by its name.
using VolumeUsers = std::map<std::string, std::vector<std::string>>;

VolumeUsers volume_users(const Global& global) {
  VolumeUsers users;
  for (const ContainerRecord& record : records(places_of(global))) {
    for (const VolumeUse& use : record.volumes) users[use.name].push_back(spoken_name(record));
  }
  return users;
}

void remove(const Global& global, const Arguments& arguments) {
  const Volumes volumes(global.root);
  const VolumeUsers users = volume_users(global);
  for_each_name(arguments.positionals(), [&](const std::string& name) {
    const auto used = users.find(name);
    if (used != users.end()) {
      throw Error("remove volume " + name + ": it is used by " + join(used->second, ", ") +
                  "; remove what uses it first");
    }
    volumes.remove(name);
  });
}

constexpr std::array kPruneOptions = {
    Option{"all", 'a', "", "those with a name, too"},
    Option{"force", 'f', "", "accepted; nothing is asked"},
};

void prune(const Global& global, const Arguments& arguments) {
  const Volumes volumes(global.root);
  const VolumeUsers users = volume_users(global);
  for (const Volume& volume : volumes.list()) {
    if (users.contains(volume.name) || !(volume.anonymous || arguments.has("all"))) continue;
    volumes.remove(volume.name);
    print(volume.name + "\n");
  }
}

void inspect(const Global& global, const Arguments& arguments) {
  const Volumes volumes(global.root);
  std::vector<Volume> found;
  for (const std::string& name : arguments.positionals()) found.push_back(volumes.find(name));
  print(json_list(found));
}

}  // namespace

const Command kVolumeCreate = {
    "volume create",
    "[NAME]",
    "make an empty volume; prints its name",
    "Without NAME it gets one of 64 hexadecimal digits.\n",
    kCreateOptions,
    0,
    1,
    create,
};

const Command kVolumeList = {
    "volume ls", "", "list the volumes", "", kListOptions, 0, 0, list,
};

const Command kVolumeRemove = {
    "volume rm", "VOLUME...", "remove volumes and what is in them; prints the names", "", {}, 1,
    kAnyNumber,  remove,
};

const Command kVolumePrune = {
    "volume prune",
    "",
    "remove the volumes without a name that no container uses; prints what they were called",
    "",
    kPruneOptions,
    0,
    0,
    prune,
};

const Command kVolumeInspect = {
    "volume inspect", "VOLUME...", "all that is known of volumes, as JSON", "", {}, 1,
    kAnyNumber,       inspect,
};

}  // namespace gocker::cli
