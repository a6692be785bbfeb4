#include <algorithm>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/limit_options.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/update.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = join_tables(
    kLimitOptions,
    std::array{Option{"restart", 0, "POLICY", "no, on-failure[:TIMES], always or unless-stopped"}});

void update(const Global& global, const Arguments& arguments) {
  ContainerUpdate update;
  update.limits = parse_limits(arguments);
  if (arguments.has("restart")) {
    update.restart = parse_option("restart", arguments.value("restart"), parse_restart_policy);
  }
  const bool says_nothing = std::none_of(kOptions.begin(), kOptions.end(), [&](const Option& each) {
    return arguments.has(each.name);
  });
  if (says_nothing) throw UsageError("which limit? gocker help update lists them");
  const Places places = places_of(global);
  for_each_container(places, arguments.positionals(),
                     [&](const std::string& id) { update_container(places, id, update); });
}

}  // namespace

const Command kContainerUpdate = {
    "container update",
    "CONTAINER...",
    "change the limits of containers, running or not; prints their names",
    "What is not named stays as it is.\n",
    kOptions,
    1,
    kAnyNumber,
    update,
};

}  // namespace gocker::cli
