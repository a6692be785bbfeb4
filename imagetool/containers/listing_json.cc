#include <nlohmann/json.hpp>

#include "imagetool/containers/listing.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json exit_code_of(const ContainerRecord& record) {
  return record.exit_code ? Json(*record.exit_code) : Json();
}

Json state_of(const ListedContainer& container) {
  const ContainerRecord& record = container.record;
  return {{"Status", container.status},
          {"Running", container.is_alive()},
          {"Paused", container.status == "paused"},
          {"Restarting", container.status == "restarting"},
          {"Attended", container.attended},
          {"Pid", container.pid},
          {"ExitCode", exit_code_of(record)},
          {"StartedAt", record.started},
          {"FinishedAt", record.finished}};
}

Json config_of(const ContainerRecord& record) {
  return {{"Hostname", record.hostname},      {"Cmd", record.command},
          {"Labels", record.labels},          {"Tty", record.terminal},
          {"OpenStdin", record.interactive},  {"StdinOnce", record.stdin_once},
          {"StopSignal", record.stop_signal}, {"StopTimeout", record.stop_timeout}};
}

Json host_config_of(const ContainerRecord& record) {
  return {{"AutoRemove", record.remove},
          {"NetworkMode", record.network.names.empty() ? "" : record.network.names.front()},
          {"RestartPolicy", to_text(record.restart)},
          {"Ports", record.network.ports}};
}

Json network_settings_of(const ContainerRecord& record) {
  Json networks = Json::object();
  for (const NetworkAddress& each : record.addresses) {
    networks[each.network] = {
        {"Interface", each.interface}, {"IPAddress", each.address}, {"Gateway", each.gateway}};
  }
  const std::string first = record.addresses.empty() ? "" : record.addresses.front().address;
  return {{"IPAddress", first.substr(0, first.find('/'))},
          {"Ports", record.ports},
          {"Networks", std::move(networks)}};
}

Json mounts_of(const ContainerRecord& record) {
  Json mounts = Json::array();
  for (const VolumeUse& use : record.volumes) {
    mounts.push_back({{"Type", "volume"},
                      {"Name", use.name},
                      {"Destination", use.destination},
                      {"Anonymous", use.anonymous}});
  }
  return mounts;
}

// The value that ".State.Status" leads to.
const Json& follow(const Json& json, std::string_view path) {
  const Json* place = &json;
  for (const std::string_view name : split(path, '.')) {
    if (name.empty()) continue;
    const std::string key(name);
    if (!place->is_object() || !place->contains(key)) {
      throw Error("--format: there is no '" + std::string(path) + "' (gocker inspect shows all)");
    }
    place = &place->at(key);
  }
  return *place;
}

std::string field(const Json& json, std::string_view expression) {
  constexpr std::string_view kAsJson = "json ";
  expression = trim(expression);
  if (expression.starts_with(kAsJson)) {
    return text_of(follow(json, trim(expression.substr(kAsJson.size()))), -1);
  }
  const Json& value = follow(json, expression);
  return value.is_string() ? value.get<std::string>() : text_of(value, -1);
}

}  // namespace

std::string to_json(const Places& places, const ListedContainer& container) {
  const ContainerRecord& record = container.record;
  const Json json = {{"Id", record.id},
                     {"Name", record.name},
                     {"Created", record.created},
                     {"Image", record.image},
                     {"ImageDigest", record.digest},
                     {"RestartCount", record.restarts},
                     {"State", state_of(container)},
                     {"Config", config_of(record)},
                     {"HostConfig", host_config_of(record)},
                     {"NetworkSettings", network_settings_of(record)},
                     {"Mounts", mounts_of(record)},
                     {"LogPath", places.log(record.id)},
                     {"Bundle", places.bundle(record.id)}};
  return text_of(json, 2);
}

std::string list_to_json(const std::vector<ListedContainer>& containers) {
  Json list = Json::array();
  for (const ListedContainer& container : containers) {
    const ContainerRecord& record = container.record;
    list.push_back({{"id", record.id},
                    {"name", record.name},
                    {"image", record.image},
                    {"command", record.command},
                    {"created", record.created},
                    {"status", container.status},
                    {"attended", container.attended},
                    {"pid", container.pid},
                    {"exitCode", exit_code_of(record)},
                    {"ports", record.ports},
                    {"labels", record.labels}});
  }
  return text_of(list, 2) + "\n";
}

std::string fill_template(std::string_view form, const std::string& json) {
  const Json document = Json::parse(json);
  std::string text;
  for (;;) {
    const size_t start = form.find("{{");
    const size_t end = start == std::string_view::npos ? start : form.find("}}", start);
    if (end == std::string_view::npos) return text.append(form);
    text.append(form.substr(0, start))
        .append(field(document, form.substr(start + 2, end - start - 2)));
    form.remove_prefix(end + 2);
  }
}

}  // namespace gocker
