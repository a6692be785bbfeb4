// The OCI image specification 1.1 as plain structs, with Docker's schema 2 accepted on reading:
// descriptors, indexes (Docker: manifest lists), manifests and configs. Reading is strict, as these
// documents come from registries: a wrong type, an absurd size, a malformed digest, or a document
// that is an index and a manifest at once (CVE-2021-41190) is an oci::SpecError.
// Sections: descriptor.md, image-index.md, manifest.md, config.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace oci {

namespace media_type {
inline constexpr std::string_view kIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kDockerLayerGzip =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";
}  // namespace media_type

struct Platform {
  std::string architecture;  // GOARCH: amd64; empty where an image does not say
  std::string os;            // GOOS: linux; the same
  std::string os_version;
  std::string variant;  // v8
  bool operator==(const Platform&) const = default;
};

struct Descriptor {
  std::string media_type;
  std::string digest;  // "sha256:" and 64 lower-case hexadecimal digits; checked on reading
  uint64_t size = 0;   // bytes; at most INT64_MAX
  StringMap annotations;
  std::optional<Platform> platform;
};

struct Index {
  std::string media_type;
  std::vector<Descriptor> manifests;
  StringMap annotations;
};

struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  // the base first
  StringMap annotations;
};

struct History {
  std::string created;
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;
};

struct Healthcheck {  // Docker's extension; times in nanoseconds
  std::vector<std::string> test;
  int64_t interval = 0;
  int64_t timeout = 0;
  int64_t start_period = 0;
  int64_t start_interval = 0;
  int64_t retries = 0;
};

struct ContainerDefaults {  // JSON "config"
  std::string user;
  std::vector<std::string> exposed_ports;  // "80/tcp"
  std::vector<std::string> env;
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> volumes;
  std::string working_dir;
  StringMap labels;
  std::string stop_signal;
  std::vector<std::string> shell;     // Docker's
  std::vector<std::string> on_build;  // Docker's
  std::optional<Healthcheck> healthcheck;
};

struct ImageConfig {
  std::string created;
  std::string author;
  Platform platform;  // JSON architecture, os, os.version, variant
  ContainerDefaults config;
  std::vector<std::string> diff_ids;  // JSON rootfs.diff_ids; checked as digests
  std::vector<History> history;
};

// The most that one document may name; an image has a few dozen layers.
inline constexpr size_t kMostLayers = 1000;
inline constexpr size_t kMostManifests = 10'000;
inline constexpr size_t kMostHistory = 10'000;

enum class DocumentKind { index, manifest };
// Which of the two a document of a registry is, by its mediaType or, without one, its fields;
// `content_type` is what the registry said, empty where nothing did. An error where they disagree,
// where it is both, and for schema 1.
DocumentKind kind_of(std::string_view json, std::string_view content_type, std::string_view name);

// `name` is what errors call the document: its reference or digest.
// Lists that are null, as Go writes empty ones, are empty.
Index parse_index(std::string_view json, std::string_view name);
Manifest parse_manifest(std::string_view json, std::string_view name);
ImageConfig parse_image_config(std::string_view json, std::string_view name);

// On one line, as registries keep them, with the media types of OCI where none is set. A string
// that is no UTF-8 is an oci::SpecError.
std::string to_json(const Index& index);
std::string to_json(const Manifest& manifest);
std::string to_json(const ImageConfig& config);

// "sha256:" followed by 64 lower-case hexadecimal digits.
bool is_digest(std::string_view text);

}  // namespace oci
