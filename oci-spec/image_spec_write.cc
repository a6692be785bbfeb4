// Writing of image documents.
#include <nlohmann/json.hpp>

#include "oci-spec/image_spec.h"
#include "oci-spec/json_text.h"

namespace oci {
namespace {

using Json = OrderedJson;

std::string_view or_default(const std::string& media_type, std::string_view otherwise) {
  return media_type.empty() ? otherwise : std::string_view(media_type);
}

Json descriptor_json(const Descriptor& descriptor) {
  Json json = {{"mediaType", descriptor.media_type},
               {"digest", descriptor.digest},
               {"size", descriptor.size}};
  put(json, "annotations", descriptor.annotations);
  if (descriptor.platform) {
    const Platform& platform = *descriptor.platform;
    Json& member =
        json["platform"] = {{"architecture", platform.architecture}, {"os", platform.os}};
    put(member, "os.version", platform.os_version);
    put(member, "variant", platform.variant);
  }
  return json;
}

Json history_json(const History& history) {
  Json json = Json::object();
  put(json, "created", history.created);
  put(json, "created_by", history.created_by);
  put(json, "author", history.author);
  put(json, "comment", history.comment);
  if (history.empty_layer) json["empty_layer"] = true;
  return json;
}

Json healthcheck_json(const Healthcheck& healthcheck) {
  Json json = Json::object();
  put(json, "Test", healthcheck.test);
  const auto put_number = [&](const char* name, int64_t value) {
    if (value != 0) json[name] = value;
  };
  put_number("Interval", healthcheck.interval);
  put_number("Timeout", healthcheck.timeout);
  put_number("StartPeriod", healthcheck.start_period);
  put_number("StartInterval", healthcheck.start_interval);
  put_number("Retries", healthcheck.retries);
  return json;
}

// A set as Go writes it: {"80/tcp": {}}
Json set_json(const std::vector<std::string>& names) {
  Json json = Json::object();
  for (const std::string& name : names) json[name] = Json::object();
  return json;
}

Json defaults_json(const ContainerDefaults& defaults) {
  Json json = Json::object();
  put(json, "User", defaults.user);
  put_json(json, "ExposedPorts", set_json(defaults.exposed_ports));
  put(json, "Env", defaults.env);
  put(json, "Entrypoint", defaults.entrypoint);
  put(json, "Cmd", defaults.cmd);
  put_json(json, "Volumes", set_json(defaults.volumes));
  put(json, "WorkingDir", defaults.working_dir);
  put(json, "Labels", defaults.labels);
  put(json, "StopSignal", defaults.stop_signal);
  put(json, "Shell", defaults.shell);
  put(json, "OnBuild", defaults.on_build);
  if (defaults.healthcheck) json["Healthcheck"] = healthcheck_json(*defaults.healthcheck);
  return json;
}

}  // namespace

std::string to_json(const Index& index) {
  Json json = {{"schemaVersion", 2},
               {"mediaType", or_default(index.media_type, media_type::kIndex)},
               {"manifests", list_of(index.manifests, descriptor_json)}};
  put(json, "annotations", index.annotations);
  return document_text(json, Layout::one_line, "image index");
}

std::string to_json(const Manifest& manifest) {
  Json json = {{"schemaVersion", 2},
               {"mediaType", or_default(manifest.media_type, media_type::kManifest)},
               {"config", descriptor_json(manifest.config)},
               {"layers", list_of(manifest.layers, descriptor_json)}};
  put(json, "annotations", manifest.annotations);
  return document_text(json, Layout::one_line, "image manifest");
}

std::string to_json(const ImageConfig& config) {
  Json json = Json::object();
  put(json, "created", config.created);
  put(json, "author", config.author);
  json["architecture"] = config.platform.architecture;
  json["os"] = config.platform.os;
  put(json, "os.version", config.platform.os_version);
  put(json, "variant", config.platform.variant);
  put_json(json, "config", defaults_json(config.config));
  json["rootfs"] = {{"type", "layers"}, {"diff_ids", config.diff_ids}};
  put_json(json, "history", list_of(config.history, history_json));
  return document_text(json, Layout::one_line, "image config");
}

}  // namespace oci
