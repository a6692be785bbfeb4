// gocker-runtime start: runs the program of a created container.
#include "runtime/cli/command.h"
#include "runtime/launch/create.h"

namespace gocker::cli {
namespace {

int run(const Global& global, const Arguments& arguments) {
  Container container = Container::load(StateRoot(global.state_root), arguments.positionals().at(0),
                                        Locking::exclusive);
  start_container(container);
  return 0;
}

}  // namespace

constinit const Command kStart{.name = "start",
                               .arguments = "ID",
                               .summary = "run the program of a created container",
                               .least = 1,
                               .most = 1,
                               .run = run};

}  // namespace gocker::cli
