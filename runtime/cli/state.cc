// gocker-runtime state: prints the state of a container as JSON (runtime.md, "Query State").
#include "oci-spec/state.h"

#include "runtime/cli/command.h"
#include "runtime/command_line/output.h"
#include "runtime/container/container.h"

namespace gocker::cli {
namespace {

int run(const Global& global, const Arguments& arguments) {
  const Container container =
      Container::load(StateRoot(global.state_root), arguments.positionals().at(0), Locking::none);
  print(oci::to_json(container.report()) + "\n");
  return 0;
}

}  // namespace

constinit const Command kState{.name = "state",
                               .arguments = "ID",
                               .summary = "print the state of a container",
                               .least = 1,
                               .most = 1,
                               .run = run};

}  // namespace gocker::cli
