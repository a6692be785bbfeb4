#include "imagetool/bundle/bundle.h"
#include "imagetool/cli/command.h"
#include "runtime/base/error.h"

namespace gocker::cli {
namespace {

void run(const Global& global, const Arguments& arguments) {
  const std::string& directory = arguments.positionals()[0];
  const Doing doing("unbundle", directory);
  remove_bundle(Store(global.root), directory);
}

}  // namespace

const Command kUnbundle = {
    "unbundle",
    "DIR",
    "unmount and remove a bundle",
    "Fine where there is none any more. What the container has written is lost.\n",
    {},
    1,
    1,
    run,
};

}  // namespace gocker::cli
