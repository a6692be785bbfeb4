// gocker-runtime mounts: gives a running container mounts more, and takes mounts away.
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cli/command.h"
#include "runtime/launch/container_mounts.h"

namespace gocker::cli {
namespace {

std::vector<oci::Mount> read_mounts(const std::string& file) {
  if (file != "-") return oci::parse_mounts(read_file(file), file);
  const Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  return oci::parse_mounts(read_all(input, "standard input"), "standard input");
}

int run(const Global& global, const Arguments& arguments) {
  const std::string& action = arguments.positionals().at(0);
  if (action != "add" && action != "remove") {
    throw UsageError("mounts: \"" + action + "\" is neither add nor remove");
  }
  const std::vector<oci::Mount> mounts = read_mounts(arguments.positionals().at(2));
  const Container container = Container::load(StateRoot(global.state_root),
                                              arguments.positionals().at(1), Locking::exclusive);
  if (action == "add") {
    add_mounts(container, mounts);
  } else {
    remove_mounts(container, mounts);
  }
  return 0;
}

}  // namespace

constinit const Command kMounts{
    .name = "mounts",
    .arguments = "add|remove ID FILE",
    .summary = "add mounts to a running container, or remove them (FILE: a JSON array of mounts)",
    .least = 3,
    .most = 3,
    .run = run};

}  // namespace gocker::cli
