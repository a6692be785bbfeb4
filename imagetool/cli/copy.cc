#include "imagetool/push/copy.h"

#include <fcntl.h>

#include <array>

#include "imagetool/archive/load.h"
#include "imagetool/archive/save.h"
#include "imagetool/cli/command.h"
#include "imagetool/cli/output_file.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/interrupt.h"
#include "imagetool/platform.h"
#include "imagetool/pull/pull.h"
#include "imagetool/push/push.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"all", 'a', "", "all platforms of an index; not with archives"},
    Option{"platform", 0, "OS/ARCH[/VARIANT]", "which image of an index (default: this machine's)"},
    kProgress,
    kQuiet,
    Option{"digestfile", 0, "FILE", "write the digest to this file, too"},
    kInsecure,
    Option{"src-tls-verify", 0, "true|false", "as --tls-verify of pull, for SOURCE"},
    Option{"dest-tls-verify", 0, "true|false", "the same for TARGET"},
    Option{"src-cert-dir", 0, "DIR", "as --cert-dir of pull, for SOURCE"},
    Option{"dest-cert-dir", 0, "DIR", "the same for TARGET"},
    kAuthFile,
    Option{"src-creds", 0, "USER:PASSWORD", "credentials for SOURCE"},
    Option{"dest-creds", 0, "USER:PASSWORD", "credentials for TARGET"},
};

// "docker-archive:FILE", "oci:DIR[:NAME]" or a registry's "[docker://]REF".
struct Place {
  enum class Kind { registry, layout, archive } kind = Kind::registry;
  Reference reference;
  LayoutPlace layout;
  std::string archive;  // the file
  ArchiveFormat format = ArchiveFormat::docker;

  bool is_registry() const { return kind == Kind::registry; }
};

constexpr std::string_view kLayout = "oci:";

LayoutPlace parse_layout(const std::string& text) {
  const size_t start = kLayout.size();
  const size_t colon = text.find(':', start);
  LayoutPlace place{text.substr(start, colon - start), {}};
  if (colon != std::string::npos) place.name = text.substr(colon + 1);
  if (place.directory.empty()) throw Error("'" + text + "' names no directory");
  if (colon != std::string::npos && place.name.empty()) {
    throw Error("'" + text + "' ends with a colon and no name");
  }
  return place;
}

Place parse_place(std::string text) {
  Place place;
  for (const std::string_view kind : {"docker-archive", "oci-archive"}) {
    if (!text.starts_with(std::string(kind) + ":")) continue;
    place.archive = text.substr(kind.size() + 1);
    place.format = parse_archive_format(kind);
    if (place.archive.empty()) throw Error("'" + text + "' names no file");
    place.kind = Place::Kind::archive;
    return place;
  }
  if (text.starts_with(kLayout)) {
    place.kind = Place::Kind::layout;
    place.layout = parse_layout(text);
    return place;
  }
  if (text.starts_with("docker://")) text.erase(0, 9);
  place.reference = parse_reference(text);
  return place;
}

Place place_argument(const std::string& text) try {
  return parse_place(text);
} catch (const Error& error) {
  throw UsageError(error.what());
}

RegistryAccess access_of(const Arguments& arguments, const std::string& side) {
  RegistryAccess access;
  const bool verify_given = arguments.has(side + "-tls-verify");
  const std::string verify = arguments.value(side + "-tls-verify");
  if (verify_given && verify != "true" && verify != "false") {
    throw UsageError("--" + side + "-tls-verify: '" + verify + "' is neither true nor false");
  }
  if (arguments.has("insecure")) access.transport = Transport::insecure;
  if (verify_given) access.transport = verify == "true" ? Transport::tls : Transport::insecure;
  access.credentials = {arguments.value(side + "-creds"), arguments.value("authfile")};
  return access;
}

ImageCopyOptions copy_options(const Arguments& arguments, const Place& source,
                              const Place& target) {
  ImageCopyOptions options;
  if (arguments.has("all")) options.platforms = ImageCopyOptions::Platforms::all;
  if (arguments.has("platform")) options.platform = parse_platform(arguments.value("platform"));
  if (arguments.has("all") && arguments.has("platform")) {
    throw UsageError("--all and --platform exclude each other");
  }
  const bool has_archive =
      source.kind == Place::Kind::archive || target.kind == Place::Kind::archive;
  if (arguments.has("all") && has_archive) throw UsageError("--all: archives hold one platform");
  options.source = access_of(arguments, "src");
  options.target = access_of(arguments, "dest");
  const std::string from = arguments.value("src-cert-dir");
  const std::string to = arguments.value("dest-cert-dir");
  if (!from.empty()) options.certificates.set(source.reference.host, from);
  if (!to.empty()) options.certificates.set(target.reference.host, to);
  return options;
}

// Archives go by a store that lasts as long as the command.
std::string from_archive(const Place& source, const Place& target, const ImageCopyOptions& options,
                         Progress& progress) {
  const TempDir folder("gocker-copy");
  const Store store(folder.path() + "/store");
  LoadOptions load_options;
  load_options.unpack = LoadOptions::Unpack::no;
  load_options.platform = options.platform;
  const LoadedImages loaded = load(store, open_file(source.archive, O_RDONLY), load_options);
  if (loaded.names.size() > 1) {
    throw Error(source.archive + " holds several images; gocker load takes all of them");
  }
  PushOptions push_options;
  push_options.transport = options.target.transport;
  push_options.certificates = options.certificates;
  push_options.credentials = options.target.credentials;
  return push(store, find_image(store, loaded.names[0]), target.reference, push_options, progress);
}

std::string to_archive(const Place& source, const Place& target, const ImageCopyOptions& options,
                       Progress& progress) {
  const TempDir folder("gocker-copy");
  const Store store(folder.path() + "/store");
  OutputFile out(target.archive);
  PullOptions pull_options;
  pull_options.platform = options.platform;
  pull_options.transport = options.source.transport;
  pull_options.certificates = options.certificates;
  pull_options.credentials = options.source.credentials;
  pull_options.unpack = PullOptions::Unpack::no;
  std::string digest = pull(store, source.reference, pull_options, progress);
  save(store, {find_image(store, digest)}, target.format, out.file());
  out.commit();
  return digest;
}

std::string copy(const Place& source, const Place& target, const ImageCopyOptions& options,
                 Progress& progress) {
  using Kind = Place::Kind;
  if (source.kind == Kind::archive) return from_archive(source, target, options, progress);
  if (target.kind == Kind::archive) return to_archive(source, target, options, progress);
  if (source.kind == Kind::layout) {
    return copy_from_layout(source.layout, target.reference, options, progress);
  }
  if (target.kind == Kind::layout) {
    return copy_to_layout(source.reference, target.layout, options, progress);
  }
  return copy_image(source.reference, target.reference, options, progress);
}

void run(const Global&, const Arguments& arguments) {
  const Place source = place_argument(arguments.positionals()[0]);
  const Place target = place_argument(arguments.positionals()[1]);
  if (!source.is_registry() && !target.is_registry()) {
    throw UsageError("one of the two must be at a registry");
  }
  const ImageCopyOptions options = copy_options(arguments, source, target);
  const Progress::Style style = progress_style(arguments);
  const InterruptWatch interrupts;
  std::string digest;
  {
    Progress progress(style, target.is_registry() ? kUploading : kDownloading);
    digest = copy(source, target, options, progress);
  }
  if (arguments.has("digestfile")) write_output_file(arguments.value("digestfile"), digest + "\n");
  print(digest + "\n");
}

}  // namespace

const Command kCopy = {
    "copy",
    "SOURCE TARGET",
    "copy an image between registries, past the store; prints its digest",
    "SOURCE and TARGET are [docker://]REF, as pull takes it; one of them may be oci:DIR[:NAME], "
    "an\n"
    "image layout in a directory, docker-archive:FILE or oci-archive:FILE. Digests stay the same.\n"
    "What TARGET has, or can mount from SOURCE's repository at the same registry, is not "
    "fetched.\n",
    kOptions,
    2,
    2,
    run,
    StopAt::end,
    1,
    WorksOn::own_files,
};

}  // namespace gocker::cli
