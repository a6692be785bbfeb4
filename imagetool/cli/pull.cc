#include "imagetool/pull/pull.h"

#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/layer_limits.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/interrupt.h"
#include "imagetool/platform.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"platform", 0, "OS/ARCH[/VARIANT]",
           "another machine's image: linux/arm64, linux/arm/v7"},
    kProgress,
    kQuiet,
    Option{"no-unpack", 0, "", "keep the layers packed; bundle unpacks them when it needs them"},
    kInsecure,
    kTlsVerify,
    kCertDir,
    kAuthFile,
    kCreds,
    kLimitBytes,
    kLimitEntries,
    kLimitRatio,
};

PullOptions pull_options(const Arguments& arguments, const std::string& host) {
  PullOptions options;
  if (arguments.has("platform")) options.platform = parse_platform(arguments.value("platform"));
  if (arguments.has("no-unpack")) options.unpack = PullOptions::Unpack::no;
  options.transport = transport_of(arguments);
  options.certificates = certificates_of(arguments, host);
  options.limits = layer_limits(arguments);
  options.credentials = credential_source(arguments);
  return options;
}

void run(const Global& global, const Arguments& arguments) {
  const Reference reference = parse_reference(arguments.positionals()[0]);
  const PullOptions options = pull_options(arguments, reference.host);
  const InterruptWatch interrupts;
  const Store store(global.root);
  std::string digest;
  {
    Progress progress(progress_style(arguments));
    digest = pull(store, reference, options, progress);
  }
  print(digest + "\n");
}

}  // namespace

const Command kPull = {
    "pull",
    "REF",
    "fetch an image from a registry into the store; prints its digest",
    "REF is [HOST[:PORT]/]PATH[:TAG][@DIGEST]; alpine is docker.io/library/alpine:latest. "
    "Registries\n"
    "on localhost, 127.0.0.1 and [::1] are spoken to over plain HTTP. Mirrors are read from\n"
    "registries.conf in ~/.config/containers or /etc/containers, or from $GOCKER_REGISTRIES_CONF;\n"
    "credentials from $REGISTRY_AUTH_FILE, containers/auth.json or ~/.docker/config.json. Without "
    "a TAG\n"
    "it is latest or, where the registry has none, the last tag that it lists. arm64v8/alpine and "
    "the\n"
    "like mean that repository or, where there is none, what alpine has for that platform.\n",
    kOptions,
    1,
    1,
    run,
};

}  // namespace gocker::cli
