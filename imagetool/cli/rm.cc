#include "imagetool/cli/command.h"
#include "imagetool/store/removal.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

void run(const Global& global, const Arguments& arguments) {
  const Store store(global.root);
  const Removal removal = remove_images(store, arguments.positionals());
  std::string text;
  for (const std::string& reference : removal.references) text += reference + "\n";
  print(text);
}

}  // namespace

const Command kRm = {
    "rm",
    "REF...",
    "take images out of the store; prints the names",
    "What no other image needs is removed from the disk. An image that a bundle uses stays.\n",
    {},
    1,
    kAnyNumber,
    run,
};

}  // namespace gocker::cli
