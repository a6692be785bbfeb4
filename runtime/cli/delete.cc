// gocker-runtime delete: removes what is left of a container.
#include <array>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/cli/command.h"
#include "runtime/container/container.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    Option{"force", 'f', "", "kill it first; a container that does not exist is fine"}};

int run(const Global& global, const Arguments& arguments) {
  const std::string& id = arguments.positionals().at(0);
  const StateRoot root(global.state_root);
  const bool force = arguments.has("force");
  std::optional<Container> container = Container::load_if_exists(root, id, Locking::exclusive);
  if (!container) {
    if (force) return 0;
    throw Error("container \"" + id + "\" does not exist");
  }
  // A created container goes without --force, against the letter of runtime.md: the engines delete
  // what they could not start.
  const oci::Status status = container->status();
  if (!force && (status == oci::Status::running || status == oci::Status::paused)) {
    throw Error("container \"" + id + "\" is " + std::string(oci::name_of(status)) +
                ": stop it first, or use --force");
  }
  container->destroy();
  return 0;
}

}  // namespace

constinit const Command kDelete{.name = "delete",
                                .arguments = "ID",
                                .summary = "remove a container",
                                .options = kOptions,
                                .least = 1,
                                .most = 1,
                                .run = run};

}  // namespace gocker::cli
