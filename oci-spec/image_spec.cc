#include "oci-spec/image_spec.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "oci-spec/error.h"
#include "oci-spec/json_fields.h"

namespace oci {
namespace {

constexpr std::array kIndexTypes = {media_type::kIndex, media_type::kDockerList};
constexpr std::array kManifestTypes = {media_type::kManifest, media_type::kDockerManifest};
constexpr std::string_view kSchema1Prefix = "application/vnd.docker.distribution.manifest.v1+";
constexpr std::string_view kSchema1Problem =
    "is a Docker schema 1 manifest, which is obsolete and not supported; push the image again with "
    "a current tool";

constexpr uint64_t kLargestSize = std::numeric_limits<int64_t>::max();

bool contains(const std::array<std::string_view, 2>& types, std::string_view type) {
  return std::ranges::find(types, type) != types.end();
}

// --- descriptors -------------------------------------------------------------------------------

void check_digest(const JsonPlace& place, std::string_view digest) {
  if (is_digest(digest)) return;
  const size_t colon = digest.find(':');
  const std::string_view algorithm = digest.substr(0, colon);
  if (colon != std::string_view::npos && !algorithm.empty() && algorithm != "sha256") {
    place.refuse("unsupported digest algorithm " + quote(algorithm) + ": only sha256 is supported");
  }
  place.refuse("must be \"sha256:\" and 64 lower-case hexadecimal digits, not " + quote(digest));
}

void read_platform(const Fields& fields, Platform& platform) {
  fields.optional("architecture", platform.architecture);
  fields.optional("os", platform.os);
  fields.optional("os.version", platform.os_version);
  fields.optional("variant", platform.variant);
}

void read_descriptor(const Fields& fields, Descriptor& descriptor) {
  fields.required("mediaType", descriptor.media_type);
  fields.required("digest", descriptor.digest);
  check_digest(JsonPlace(fields.place(), "digest"), descriptor.digest);
  fields.required("size", descriptor.size, Between<uint64_t>{0, kLargestSize});
  fields.optional("annotations", descriptor.annotations);
  fields.optional("platform", descriptor.platform, read_platform);
}

void check_count(const Fields& fields, std::string_view name, size_t count, size_t most) {
  if (count <= most) return;
  fields.refuse(name, "has " + std::to_string(count) + " entries; at most " + std::to_string(most) +
                          " are accepted");
}

// A list that must be there, though it may be null.
template <class T, class... Reader>
void read_list(const Fields& fields, std::string_view name, std::vector<T>& out, size_t most,
               Reader... reader) {
  if (!fields.has(name)) fields.refuse(name, "is required");
  fields.optional(name, out, reader...);
  check_count(fields, name, out.size(), most);
}

// --- indexes and manifests ---------------------------------------------------------------------

void check_schema_version(const Fields& fields) {
  uint64_t version = 0;
  fields.required("schemaVersion", version);
  if (version == 1) fields.refuse("schemaVersion", kSchema1Problem);
  if (version != 2) fields.refuse("schemaVersion", "must be 2, not " + std::to_string(version));
}

// A document that can be read in two ways would let its digest stand for two images.
void check_unambiguous(const Fields& fields) {
  if (fields.has("manifests") && (fields.has("layers") || fields.has("config"))) {
    fields.place().refuse("is an index (manifests) and a manifest (config, layers) at once");
  }
}

// Which of the two the fields make it. `declared` is the media type by which it goes, empty where
// nobody told.
DocumentKind kind_by_fields(const Fields& fields, std::string_view declared) {
  check_unambiguous(fields);
  const bool index = fields.has("manifests");
  if (!index && !fields.has("layers") && !fields.has("config")) {
    fields.place().refuse("is neither an image index (manifests) nor a manifest (config, layers)");
  }
  if (!declared.empty() && !contains(index ? kIndexTypes : kManifestTypes, declared)) {
    fields.place().refuse(std::string(index ? "is an image index" : "is a manifest") +
                          ", but its media type is " + quote(declared));
  }
  return index ? DocumentKind::index : DocumentKind::manifest;
}

// "application/json; charset=utf-8" -> "application/json"
std::string_view without_parameters(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type;
}

void expect(const Fields& fields, DocumentKind wanted, const std::string& media_type) {
  check_schema_version(fields);
  if (kind_by_fields(fields, media_type) == wanted) return;
  fields.place().refuse(wanted == DocumentKind::index ? "must be an image index, not a manifest"
                                                      : "must be a manifest, not an image index");
}

// --- image configs -----------------------------------------------------------------------------

void read_history(const Fields& fields, History& history) {
  fields.optional("created", history.created);
  fields.optional("created_by", history.created_by);
  fields.optional("author", history.author);
  fields.optional("comment", history.comment);
  fields.optional("empty_layer", history.empty_layer);
}

void read_healthcheck(const Fields& fields, Healthcheck& healthcheck) {
  fields.optional("Test", healthcheck.test);
  fields.optional("Interval", healthcheck.interval);
  fields.optional("Timeout", healthcheck.timeout);
  fields.optional("StartPeriod", healthcheck.start_period);
  fields.optional("StartInterval", healthcheck.start_interval);
  fields.optional("Retries", healthcheck.retries);
}

void read_defaults(const Fields& fields, ContainerDefaults& defaults) {
  fields.optional("User", defaults.user);
  fields.optional_set("ExposedPorts", defaults.exposed_ports);
  fields.optional("Env", defaults.env);
  fields.optional("Entrypoint", defaults.entrypoint);
  fields.optional("Cmd", defaults.cmd);
  fields.optional_set("Volumes", defaults.volumes);
  fields.optional("WorkingDir", defaults.working_dir);
  fields.optional("Labels", defaults.labels);
  fields.optional("StopSignal", defaults.stop_signal);
  fields.optional("Shell", defaults.shell);
  fields.optional("OnBuild", defaults.on_build);
  fields.optional("Healthcheck", defaults.healthcheck, read_healthcheck);
}

struct Rootfs {
  std::vector<std::string> diff_ids;
};

void read_rootfs(const Fields& fields, Rootfs& rootfs) {
  std::string type;
  fields.required("type", type);
  if (type != "layers") fields.refuse("type", "must be \"layers\", not " + quote(type));
  read_list(fields, "diff_ids", rootfs.diff_ids, kMostLayers);
  const JsonPlace list(fields.place(), "diff_ids");
  for (size_t i = 0; i < rootfs.diff_ids.size(); ++i) {
    check_digest(JsonPlace(list, i), rootfs.diff_ids[i]);
  }
}

}  // namespace

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  constexpr size_t kDigits = 64;
  return text.starts_with(kPrefix) && text.size() == kPrefix.size() + kDigits &&
         text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

DocumentKind kind_of(std::string_view json, std::string_view content_type, std::string_view name) {
  const std::string_view told = without_parameters(content_type);
  if (told.starts_with(kSchema1Prefix)) throw SpecError(name, "", kSchema1Problem);
  const JsonDocument document(json, name, kImageLimits);
  const Fields fields = document.fields();
  check_schema_version(fields);
  std::string media_type;
  fields.optional("mediaType", media_type);
  // What a registry says in general terms (application/json) decides nothing.
  if (!contains(kIndexTypes, told) && !contains(kManifestTypes, told)) {
    return kind_by_fields(fields, media_type);
  }
  if (!media_type.empty() && media_type != told) {
    fields.refuse("mediaType",
                  "is " + quote(media_type) + ", but the registry says " + quote(told));
  }
  return kind_by_fields(fields, told);
}

Index parse_index(std::string_view json, std::string_view name) {
  const JsonDocument document(json, name, kImageLimits);
  const Fields fields = document.fields();
  Index index;
  fields.optional("mediaType", index.media_type);
  expect(fields, DocumentKind::index, index.media_type);
  read_list(fields, "manifests", index.manifests, kMostManifests, read_descriptor);
  fields.optional("annotations", index.annotations);
  return index;
}

Manifest parse_manifest(std::string_view json, std::string_view name) {
  const JsonDocument document(json, name, kImageLimits);
  const Fields fields = document.fields();
  Manifest manifest;
  fields.optional("mediaType", manifest.media_type);
  expect(fields, DocumentKind::manifest, manifest.media_type);
  fields.required("config", manifest.config, read_descriptor);
  read_list(fields, "layers", manifest.layers, kMostLayers, read_descriptor);
  fields.optional("annotations", manifest.annotations);
  return manifest;
}

ImageConfig parse_image_config(std::string_view json, std::string_view name) {
  const JsonDocument document(json, name, kImageLimits);
  const Fields fields = document.fields();
  ImageConfig config;
  fields.optional("created", config.created);
  fields.optional("author", config.author);
  read_platform(fields, config.platform);
  fields.optional("config", config.config, read_defaults);
  Rootfs rootfs;
  fields.required("rootfs", rootfs, read_rootfs);
  config.diff_ids = std::move(rootfs.diff_ids);
  fields.optional("history", config.history, read_history);
  check_count(fields, "history", config.history.size(), kMostHistory);
  return config;
}

}  // namespace oci
