#include "imagetool/archive/docker_manifest.h"

#include <nlohmann/json.hpp>

#include "runtime/base/error.h"

namespace gocker {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostImages = 10'000;

[[noreturn]] void malformed(size_t index, const char* member, const char* expected) {
  throw Error("manifest.json: /" + std::to_string(index) + "/" + member + ": " + expected);
}

std::vector<std::string> texts(const Json& object, size_t index, const char* member) {
  const auto found = object.find(member);
  std::vector<std::string> list;
  if (found == object.end() || found->is_null()) return list;
  if (!found->is_array()) malformed(index, member, "must be a list of texts");
  for (const Json& each : *found) {
    if (!each.is_string()) malformed(index, member, "must be a list of texts");
    list.push_back(each.get<std::string>());
  }
  return list;
}

}  // namespace

std::vector<DockerManifestEntry> parse_docker_manifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) throw Error("manifest.json: it is no JSON array");
  if (json.size() > kMostImages) throw Error("manifest.json: it has too many images");
  std::vector<DockerManifestEntry> entries;
  for (size_t i = 0; i < json.size(); ++i) {
    const auto config = json[i].find("Config");
    if (!json[i].is_object() || config == json[i].end() || !config->is_string()) {
      malformed(i, "Config", "must be a text");
    }
    entries.push_back(
        {config->get<std::string>(), texts(json[i], i, "Layers"), texts(json[i], i, "RepoTags")});
  }
  return entries;
}

std::string to_json(const std::vector<DockerManifestEntry>& entries) {
  Json json = Json::array();
  for (const DockerManifestEntry& entry : entries) {
    json.push_back({{"Config", entry.config}, {"RepoTags", entry.names}, {"Layers", entry.layers}});
  }
  return json.dump();
}

}  // namespace gocker
