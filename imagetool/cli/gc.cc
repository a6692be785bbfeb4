#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/pull/progress.h"
#include "imagetool/store/removal.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"all", 'a', "", "also the images that no container and no bundle uses"},
    Option{"force", 'f', "", "accepted; nothing is asked"},
};

void run(const Global& global, const Arguments& arguments) {
  const Store store(global.root);
  const Removal removal =
      collect_garbage(store, arguments.has("all") ? Unused::remove : Unused::keep);
  std::string names;
  for (const std::string& reference : removal.references) names += reference + "\n";
  print(names + "removed " + std::to_string(removal.blobs) + " blobs (" +
        human_size(removal.bytes) + ") and " + std::to_string(removal.layers) +
        " unpacked layers\n");
}

}  // namespace

const Command kGc = {
    "gc",
    "",
    "remove what no image and no bundle needs (also called prune)",
    "Such things are left when a tag is pulled again and when a command is killed or a download is "
    "cut\n"
    "off.\n",
    kOptions,
    0,
    0,
    run,
};

}  // namespace gocker::cli
