#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/transition.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kRmOptions = {
    Option{"force", 'f', "", "also where it runs: its processes are killed"},
    Option{"volumes", 'v', "", "its anonymous volumes, too"},
};
constexpr std::array kPruneOptions = {Option{"force", 'f', "", "accepted; nothing is asked"}};

void remove(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  const Force force = arguments.has("force") ? Force::yes : Force::no;
  const auto volumes = arguments.has("volumes") ? AnonymousVolumes::remove : AnonymousVolumes::keep;
  for_each_container(places, arguments.positionals(), [&](const std::string& id) {
    remove_container_of_person(places, id, force, volumes);
  });
}

void prune(const Global& global, const Arguments&) {
  const Places places = places_of(global);
  const auto states = OciRuntime(places).list();
  std::vector<std::string> ended;
  for (const ContainerRecord& record : records(places)) {
    const auto state = states.find(record.id);
    const bool lives = state != states.end() && state->second.is_alive();
    if (!lives && !record.waits_to_restart) ended.push_back(record.id);
  }
  for_each_container(places, ended, [&](const std::string& id) {
    remove_container_of_person(places, id, Force::no, AnonymousVolumes::keep);
  });
}

void rename(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  const std::string id = find_container(places, arguments.positionals()[0]);
  const std::string& name = arguments.positionals()[1];
  const Transition transition(places, id, "rename");
  ContainerRecord record = load_record(places, id);
  if (record.name == name) return;
  claim_name(places, name, id);
  const std::string before = std::exchange(record.name, name);
  try {
    write_record(places, record);
  } catch (...) {
    release_name(places, name, id);
    throw;
  }
  release_name(places, before, id);
}

}  // namespace

const Command kContainerRm = {"container rm",
                              "CONTAINER...",
                              "remove containers and what they have written",
                              "CONTAINER is an id, the beginning of one, or a name.\n",
                              kRmOptions,
                              1,
                              kAnyNumber,
                              remove};
const Command kContainerPrune = {"container prune",
                                 "",
                                 "remove all containers that do not run; prints their ids",
                                 "",
                                 kPruneOptions,
                                 0,
                                 0,
                                 prune};
const Command kContainerRename = {
    "container rename", "CONTAINER NAME", "give a container another name", "", {}, 2, 2, rename};

}  // namespace gocker::cli
