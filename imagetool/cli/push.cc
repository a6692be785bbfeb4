#include "imagetool/push/push.h"

#include <array>
#include <optional>

#include "imagetool/cli/command.h"
#include "imagetool/cli/output_file.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/interrupt.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr int kMostLevel = 22;

constexpr std::array kOptions = {
    kProgress,
    kQuiet,
    Option{"digestfile", 0, "FILE", "write the digest to this file, too"},
    Option{"compression", 0, "gzip|zstd", "pack layers anew that are packed otherwise"},
    Option{"compression-level", 0, "N", "1 to 9 for gzip, 1 to 22 for zstd"},
    kInsecure,
    kTlsVerify,
    kCertDir,
    kAuthFile,
    kCreds,
};

std::optional<Packing> packing_of(const Arguments& arguments) try {
  if (!arguments.has("compression")) {
    if (arguments.has("compression-level")) throw Error("it needs --compression");
    return std::nullopt;
  }
  Packing packing;
  packing.compression = parse_packing(arguments.value("compression"));
  if (!arguments.has("compression-level")) return packing;
  const std::string level = arguments.value("compression-level");
  const auto number = parse_u64(level, kMostLevel);
  if (!number) throw Error("'" + level + "' is no level");
  packing.level = static_cast<int>(*number);
  check_level(packing);
  return packing;
} catch (const Error& error) {
  const char* option = arguments.has("compression-level") ? "compression-level" : "compression";
  throw UsageError(std::string("--").append(option).append(": ").append(error.what()));
}

PushOptions push_options(const Arguments& arguments, const std::string& host) {
  PushOptions options;
  options.transport = transport_of(arguments);
  options.certificates = certificates_of(arguments, host);
  options.credentials = credential_source(arguments);
  options.packing = packing_of(arguments);
  return options;
}

void run(const Global& global, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positionals();
  const Progress::Style style = progress_style(arguments);
  packing_of(arguments);  // a wrong word is told before an image is looked for
  const InterruptWatch interrupts;
  const Store store(global.root);
  const Image image = find_image(store, words[0]);
  const Reference target = parse_reference(words.size() > 1 ? words[1] : image.reference);
  const PushOptions options = push_options(arguments, target.host);
  std::string digest;
  {
    Progress progress(style, kUploading);
    digest = push(store, image, target, options, progress);
  }
  if (arguments.has("digestfile")) write_output_file(arguments.value("digestfile"), digest + "\n");
  print(digest + "\n");
}

}  // namespace

const Command kPush = {
    "push",
    "IMAGE [REF]",
    "send an image of the store to a registry; prints its digest there",
    "REF is [HOST[:PORT]/]PATH[:TAG]; without one the image goes where its name says. What the\n"
    "registry has is not sent again; layers of other repositories there are mounted where the "
    "store\n"
    "knows such. With --compression the digest becomes another one; the image of the store stays "
    "as\n"
    "it is.\n",
    kOptions,
    1,
    2,
    run,
};

}  // namespace gocker::cli
