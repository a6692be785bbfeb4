#include "imagetool/archive/save.h"

#include <unistd.h>

#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/output_file.h"
#include "imagetool/interrupt.h"
#include "runtime/base/error.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"output", 'o', "FILE", "where to (default: standard output)"},
    Option{"format", 0, "KIND", "docker-archive (default) or oci-archive"},
};

ArchiveFormat format_of(const Arguments& arguments) try {
  return parse_archive_format(arguments.value("format", "docker-archive"));
} catch (const Error& error) {
  throw UsageError(std::string("--format: ") + error.what());
}

void run(const Global& global, const Arguments& arguments) {
  const ArchiveFormat format = format_of(arguments);
  const std::string file = arguments.value("output", "-");
  if (file == "-" && ::isatty(STDOUT_FILENO) == 1) {
    throw UsageError("standard output is a terminal: name a file with --output FILE");
  }
  const InterruptWatch interrupts;
  const Store store(global.root);
  std::vector<Image> images;
  for (const std::string& text : arguments.positionals()) images.push_back(find_image(store, text));
  OutputFile out(file);
  save(store, images, format, out.file());
  out.commit();
}

}  // namespace

const Command kSave = {
    "save",
    "IMAGE...",
    "write images of the store to an archive",
    "docker, podman, skopeo and gocker load read it. A docker-archive is an OCI image layout as "
    "well;\n"
    "an oci-archive is that alone, which docker reads from version 25 on. Layers stay packed as "
    "they\n"
    "are.\n",
    kOptions,
    1,
    kAnyNumber,
    run,
};

}  // namespace gocker::cli
