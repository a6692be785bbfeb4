#include "imagetool/bundle/bundle.h"
#include "imagetool/cli/command.h"
#include "runtime/base/error.h"

namespace gocker::cli {
namespace {

void run(const Global& global, const Arguments& arguments) {
  const std::string& directory = arguments.positionals()[0];
  const Doing doing("mount", directory);
  mount_bundle(Store(global.root), directory);
}

}  // namespace

const Command kMount = {
    "mount",
    "DIR",
    "mount a bundle's rootfs again, after a reboot",
    "What the container has written is there again. Fine where it is mounted.\n",
    {},
    1,
    1,
    run,
};

}  // namespace gocker::cli
