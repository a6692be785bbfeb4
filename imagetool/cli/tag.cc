#include "imagetool/cli/command.h"
#include "imagetool/reference.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

void run(const Global& global, const Arguments& arguments) {
  const Doing doing("tag", arguments.positionals()[0]);
  const Reference reference = parse_reference(arguments.positionals()[1]);
  if (!reference.digest.empty()) throw Error("a digest cannot be chosen, only NAME[:TAG]");
  const Store store(global.root);
  const Fd locked = store.lock(Store::Lock::exclusive);
  ImageName name = find_image_name(store, arguments.positionals()[0]);
  name.reference = reference.name();
  set_image_name(store, name);
}

}  // namespace

const Command kTag = {
    "tag",
    "REF NAME[:TAG]",
    "give an image of the store another name too",
    "An image that has the name already loses it; it stays under its other names.\n",
    {},
    2,
    2,
    run,
};

}  // namespace gocker::cli
