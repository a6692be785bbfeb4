#include <algorithm>
#include <nlohmann/json.hpp>

#include "imagetool/containers/listing.h"
#include "oci-spec/runtime_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
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

// What the runtime is given; nothing of a damaged one.
oci::Spec spec_of(const Places& places, const ContainerRecord& record) try {
  const std::string file = places.bundle(record.id) + "/config.json";
  return oci::parse_spec(read_file(file), file);
} catch (const Error&) {
  return {};
}

std::string user_of(const oci::Process& process) {
  return std::to_string(process.user.uid) + ":" + std::to_string(process.user.gid);
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

Json config_of(const ContainerRecord& record, const oci::Process& process) {
  return {{"Hostname", record.hostname},
          {"Image", record.image},
          {"Cmd", record.command},
          {"Env", process.env},
          {"WorkingDir", process.cwd},
          {"User", user_of(process)},
          {"Labels", record.labels},
          {"Tty", record.terminal},
          {"OpenStdin", record.interactive},
          {"StdinOnce", record.stdin_once},
          {"StopSignal", record.stop_signal},
          {"StopTimeout", record.stop_timeout}};
}

// 0: no limit, as docker has it.
Json limits_of(const oci::Spec& spec) {
  const oci::Resources resources = spec.linux_.resources.value_or(oci::Resources());
  const oci::MemoryResources memory = resources.memory.value_or(oci::MemoryResources());
  const oci::CpuResources cpu = resources.cpu.value_or(oci::CpuResources());
  return {{"Memory", memory.limit.value_or(0)},  {"PidsLimit", resources.pids_limit.value_or(0)},
          {"CpuQuota", cpu.quota.value_or(0)},   {"CpuPeriod", cpu.period.value_or(0)},
          {"CpuShares", cpu.shares.value_or(0)}, {"CpusetCpus", cpu.cpus}};
}

Json host_config_of(const ContainerRecord& record, const oci::Spec& spec) {
  Json json = {{"AutoRemove", record.remove},
               {"NetworkMode", record.network.names.empty() ? "" : record.network.names.front()},
               {"RestartPolicy", to_text(record.restart)},
               {"ReadonlyRootfs", spec.root && spec.root->readonly},
               {"Ports", record.network.ports}};
  json.update(limits_of(spec));
  return json;
}

// "0.0.0.0:8080->80/tcp" as {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}.
Json ports_of(const ContainerRecord& record) {
  Json ports = Json::object();
  for (const std::string& text : record.ports) {
    const size_t arrow = text.find("->");
    const size_t colon = text.rfind(':', arrow);
    if (arrow == std::string::npos || colon == std::string::npos) continue;
    ports[text.substr(arrow + 2)].push_back(
        {{"HostIp", text.substr(0, colon)},
         {"HostPort", text.substr(colon + 1, arrow - colon - 1)}});
  }
  return ports;
}

Json network_settings_of(const ContainerRecord& record) {
  Json networks = Json::object();
  for (const NetworkAddress& each : record.addresses) {
    const size_t slash = each.address.find('/');
    const auto prefix = parse_u32(std::string_view(each.address).substr(slash + 1));
    networks[each.network] = {{"Interface", each.interface},
                              {"IPAddress", each.address.substr(0, slash)},
                              {"IPPrefixLen", prefix.value_or(0)},
                              {"Gateway", each.gateway}};
  }
  const std::string first = record.addresses.empty() ? "" : record.addresses.front().address;
  return {{"IPAddress", first.substr(0, first.find('/'))},
          {"Ports", ports_of(record)},
          {"Networks", std::move(networks)}};
}

bool is_of_volume(const ContainerRecord& record, const oci::Mount& mount) {
  return std::any_of(record.volumes.begin(), record.volumes.end(),
                     [&](const VolumeUse& use) { return use.destination == mount.destination; });
}

// Volumes, and what a person has bound: not the container's own files.
Json mounts_of(const Places& places, const ContainerRecord& record, const oci::Spec& spec) {
  Json mounts = Json::array();
  const std::string own = places.container(record.id) + "/";
  for (const oci::Mount& mount : spec.mounts) {
    const bool is_bind = mount.type == "bind" && !mount.source.starts_with(own);
    if (!is_bind || is_of_volume(record, mount)) continue;
    const bool is_readonly =
        std::find(mount.options.begin(), mount.options.end(), "ro") != mount.options.end();
    mounts.push_back({{"Type", "bind"},
                      {"Source", mount.source},
                      {"Destination", mount.destination},
                      {"RW", !is_readonly}});
  }
  for (const VolumeUse& use : record.volumes) {
    mounts.push_back({{"Type", "volume"},
                      {"Name", use.name},
                      {"Destination", use.destination},
                      {"Anonymous", use.anonymous}});
  }
  return mounts;
}

}  // namespace

Json to_json(const Places& places, const ListedContainer& container) {
  const ContainerRecord& record = container.record;
  const oci::Spec spec = spec_of(places, record);
  return {{"Id", record.id},
          {"Name", record.name},
          {"Created", record.created},
          {"Image", record.image},
          {"ImageDigest", record.digest},
          {"RestartCount", record.restarts},
          {"State", state_of(container)},
          {"Config", config_of(record, spec.process.value_or(oci::Process()))},
          {"HostConfig", host_config_of(record, spec)},
          {"NetworkSettings", network_settings_of(record)},
          {"Mounts", mounts_of(places, record, spec)},
          {"LogPath", places.log(record.id)},
          {"Bundle", places.bundle(record.id)}};
}

std::vector<Json> to_rows(const std::vector<ListedContainer>& containers, int64_t now) {
  std::vector<Json> rows;
  for (const ListedContainer& container : containers) {
    const ContainerRecord& record = container.record;
    std::vector<std::string> labels;
    for (const auto& [name, value] : record.labels) {
      labels.push_back(std::string(name).append("=").append(value));
    }
    std::vector<std::string> volumes;
    for (const VolumeUse& use : record.volumes) volumes.push_back(use.name);
    rows.push_back({{"ID", record.id},
                    {"Names", record.name},
                    {"Image", record.image},
                    {"Command", join(record.command, " ")},
                    {"CreatedAt", record.created},
                    {"RunningFor", describe_age(record.created, now) + " ago"},
                    {"State", container.status},
                    {"Status", describe_status(container, now)},
                    {"Ports", container.is_alive() ? join(record.ports, ", ") : ""},
                    {"Networks", join(record.network.names, ",")},
                    {"Mounts", join(volumes, ",")},
                    {"Labels", join(labels, ",")},
                    {"Label", record.labels}});
  }
  return rows;
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

}  // namespace gocker
