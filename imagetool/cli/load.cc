#include "imagetool/archive/load.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/layer_limits.h"
#include "imagetool/interrupt.h"
#include "imagetool/platform.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"input", 'i', "FILE", "the archive (default: standard input)"},
    Option{"platform", 0, "OS/ARCH[/VARIANT]", "which of an image's platforms"},
    Option{"no-unpack", 0, "", "keep the layers packed; bundle unpacks them when it needs them"},
    Option{"quiet", 'q', "", "do not print the names"},
    kLimitBytes,
    kLimitEntries,
    kLimitRatio,
};

LoadOptions load_options(const Arguments& arguments) try {
  LoadOptions options;
  if (arguments.has("platform")) options.platform = parse_platform(arguments.value("platform"));
  if (arguments.has("no-unpack")) options.unpack = LoadOptions::Unpack::no;
  options.limits = layer_limits(arguments);
  return options;
} catch (const Error& error) {
  throw UsageError(std::string("--platform: ") + error.what());
}

Fd open_input(const Arguments& arguments) {
  const std::string file = arguments.value("input", "-");
  if (file != "-") return open_file(file, O_RDONLY);
  if (::isatty(STDIN_FILENO) == 1) {
    throw UsageError("standard input is a terminal: give the archive with --input FILE");
  }
  return Fd(check(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "read standard input"));
}

void run(const Global& global, const Arguments& arguments) {
  const LoadOptions options = load_options(arguments);
  Fd input = open_input(arguments);
  const InterruptWatch interrupts;
  const Store store(global.root);
  const LoadedImages loaded = load(store, std::move(input), options);
  for (const std::string& note : loaded.notes) print_error("warning: " + note);
  if (arguments.has("quiet")) return;
  for (const std::string& name : loaded.names) print(name + "\n");
}

}  // namespace

const Command kLoad = {
    "load",
    "",
    "take the images of an archive into the store; prints their names",
    "The archive is one of docker save, podman save, skopeo or gocker save (docker-archive or\n"
    "oci-archive), plain or packed with gzip or zstd. An image without a name is called\n"
    "localhost/loaded with the first digits of its digest as the tag.\n",
    kOptions,
    0,
    0,
    run,
};

}  // namespace gocker::cli
