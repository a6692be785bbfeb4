#include "imagetool/bundle/bundle.h"

#include <algorithm>
#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/run_options.h"
#include "imagetool/cli/wanted_image.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = join_tables(
    std::array{Option{"flat", 0, "",
                      "a plain directory as rootfs, not a mount; needs no store afterwards"},
               Option{"storage", 0, "auto|overlay|snapshot",
                      "auto: a btrfs snapshot where store and DIR are on one btrfs"}},
    kRunOptions);

RunOptions run_options(const Arguments& arguments) try {
  const auto& positionals = arguments.positionals();
  RunOptions options = parse_run_options(arguments, {positionals.begin() + 2, positionals.end()});
  for (const std::string& name : network_names(arguments)) options.network = parse_network(name);
  for (const VolumeMount& volume : options.volumes) {
    throw UsageError("--volume: a volume for " + volume.destination +
                     " is kept with containers, not with bundles; name a directory");
  }
  return options;
} catch (const Error& error) {
  throw UsageError(error.what());
}

BundleKind kind_of(const Arguments& arguments) {
  if (arguments.has("flat")) return BundleKind::flat;
  const std::string storage = arguments.value("storage", "auto");
  if (storage == "auto") return BundleKind::automatic;
  if (storage == "overlay") return BundleKind::overlay;
  if (storage == "snapshot") return BundleKind::snapshot;
  throw UsageError("--storage: '" + storage + "' is neither auto, overlay nor snapshot");
}

void run(const Global& global, const Arguments& arguments) {
  const std::string& reference = arguments.positionals()[0];
  const std::string& directory = arguments.positionals()[1];
  const RunOptions options = run_options(arguments);
  const Doing doing("bundle", reference);
  const Store store(global.root);
  const Image image = find_image(store, reference);
  unpack_missing(store, image);
  Notes notes;
  make_bundle(store, image, directory, kind_of(arguments), options, notes);
  for (const std::string& note : notes) print_error("warning: " + note);
}

}  // namespace

const Command kBundle = {
    "bundle",
    "REF DIR [-- COMMAND...]",
    "make a bundle of an image for gocker-runtime: DIR/config.json and DIR/rootfs",
    "DIR must be absent or empty. COMMAND takes the place of the image's own. DIR/rootfs is an\n"
    "overlay mount of the store's layers, which stay in the store as long as DIR is there;\n"
    "'gocker-image unbundle DIR' unmounts and removes it.\n",
    kOptions,
    2,
    kAnyNumber,
    run,
};

}  // namespace gocker::cli
