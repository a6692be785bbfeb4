// manifest.json of docker-archive, as `docker save` writes it: an array of one object an image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gocker {

struct DockerManifestEntry {
  std::string config;               // names in the archive
  std::vector<std::string> layers;  // the base first
  std::vector<std::string> names;   // JSON RepoTags; may be none
};

// Throws where it is anything else.
std::vector<DockerManifestEntry> parse_docker_manifest(std::string_view json);
std::string to_json(const std::vector<DockerManifestEntry>& entries);

}  // namespace gocker
