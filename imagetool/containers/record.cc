#include "imagetool/containers/record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kFile = "record.json";
constexpr std::string_view kOnFailure = "on-failure";

// One list of the fields serves reading and writing: `field` is told each name with its place.
template <class Wish, class Field>
void visit_network(Wish& wish, Field field) {
  field("names", wish.names);
  field("aliases", wish.aliases);
  field("address", wish.address);
  field("ports", wish.ports);
  field("dnsServers", wish.dns_servers);
  field("dnsSearch", wish.dns_search);
  field("dnsOptions", wish.dns_options);
  field("hosts", wish.hosts);
}

template <class Record, class Field>
void visit(Record& record, Field field) {
  field("id", record.id);
  field("made", record.made);
  field("name", record.name);
  field("image", record.image);
  field("digest", record.digest);
  field("created", record.created);
  field("command", record.command);
  field("hostname", record.hostname);
  field("labels", record.labels);
  field("terminal", record.terminal);
  field("interactive", record.interactive);
  field("stdinOnce", record.stdin_once);
  field("remove", record.remove);
  field("stopSignal", record.stop_signal);
  field("stopTimeout", record.stop_timeout);
  field("logSize", record.log_size);
  field("started", record.started);
  field("finished", record.finished);
  field("bootId", record.boot_id);
  field("restarts", record.restarts);
  field("stopped", record.stopped);
  field("waitsToRestart", record.waits_to_restart);
  field("publishedPorts", record.ports);
}

Json volumes_to_json(const std::vector<VolumeUse>& volumes) {
  Json list = Json::array();
  for (const VolumeUse& volume : volumes) {
    list.push_back({{"name", volume.name},
                    {"destination", volume.destination},
                    {"anonymous", volume.anonymous}});
  }
  return list;
}

Json addresses_to_json(const std::vector<NetworkAddress>& addresses) {
  Json list = Json::array();
  for (const NetworkAddress& each : addresses) {
    list.push_back({{"network", each.network},
                    {"interface", each.interface},
                    {"address", each.address},
                    {"gateway", each.gateway}});
  }
  return list;
}

Json to_json(const ContainerRecord& record) {
  Json json;
  visit(record, [&](const char* name, const auto& value) { json[name] = value; });
  json["restartPolicy"] = to_text(record.restart);
  if (record.exit_code) json["exitCode"] = *record.exit_code;
  Json& network = json["network"];
  visit_network(record.network,
                [&](const char* name, const auto& value) { network[name] = value; });
  json["volumes"] = volumes_to_json(record.volumes);
  json["addresses"] = addresses_to_json(record.addresses);
  return json;
}

// A field that another version of gocker did not write keeps its default.
template <class Value>
void read_field(const Json& json, const char* name, Value& value) {
  if (const auto found = json.find(name); found != json.end()) found->get_to(value);
}

// What has fields of its own, or a list of such; empty where there is none.
Json part_of(const Json& json, const char* name, Json::value_t type) {
  const auto found = json.find(name);
  if (found == json.end()) return Json(type);
  if (found->type() != type) found->at(name);  // throws
  return *found;
}

ContainerRecord from_json(const Json& json) {
  ContainerRecord record;
  json.at("id").get_to(record.id);
  visit(record, [&](const char* name, auto& value) { read_field(json, name, value); });
  record.restart = parse_restart_policy(json.value("restartPolicy", ""));
  if (json.contains("exitCode")) record.exit_code = json["exitCode"].get<int>();
  const Json network = part_of(json, "network", Json::value_t::object);
  visit_network(record.network,
                [&](const char* name, auto& value) { read_field(network, name, value); });
  for (const Json& each : part_of(json, "volumes", Json::value_t::array)) {
    record.volumes.push_back(
        {each.at("name"), each.at("destination"), each.value("anonymous", false)});
  }
  for (const Json& each : part_of(json, "addresses", Json::value_t::array)) {
    record.addresses.push_back({each.value("network", ""), each.value("interface", ""),
                                each.value("address", ""), each.value("gateway", "")});
  }
  return record;
}

// One write into the blocks that the file has. False where they do not suffice. What is shorter
// than before ends with blanks: a reader sees the old text or the new one.
bool overwrite(const Fd& directory, std::string text) {
  const Fd file = open_if_exists_at(directory, kFile, O_WRONLY);
  if (!file) return false;
  text.resize(std::max(text.size(), static_cast<size_t>(stat_fd(file, kFile).st_size)), ' ');
  if (::fallocate(file.get(), 0, 0, static_cast<off_t>(text.size())) != 0) return false;
  return ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

RestartPolicy parse_restart_policy(std::string_view text) {
  using When = RestartPolicy::When;
  if (text == "no" || text.empty()) return {When::never};
  if (text == "always") return {When::always};
  if (text == "unless-stopped") return {When::unless_stopped};
  if (text == kOnFailure) return {When::on_failure};
  const bool counted = text.starts_with(kOnFailure) && text[kOnFailure.size()] == ':';
  const auto most = counted ? parse_u64(text.substr(kOnFailure.size() + 1)) : std::nullopt;
  if (!most) {
    throw Error("'" + std::string(text) +
                "' is no restart policy: no, always, unless-stopped or on-failure[:TIMES]");
  }
  return {When::on_failure, *most};
}

std::string to_text(const RestartPolicy& policy) {
  switch (policy.when) {
    case RestartPolicy::When::always:
      return "always";
    case RestartPolicy::When::unless_stopped:
      return "unless-stopped";
    case RestartPolicy::When::on_failure:
      return std::string(kOnFailure) + (policy.most == 0 ? "" : ":" + std::to_string(policy.most));
    case RestartPolicy::When::never:
      break;
  }
  return "no";
}

std::optional<ContainerRecord> read_record(const Places& places, const std::string& id) {
  const Fd file = open_if_exists(places.container(id) + "/" + kFile, O_RDONLY);
  if (!file) return std::nullopt;
  try {
    return from_json(Json::parse(read_all(file, id)));
  } catch (const nlohmann::json::exception& error) {
    throw Error("container " + id + ": " + kFile + " is damaged (" + error.what() +
                "); 'gocker rm -f " + id + "' removes the container");
  }
}

void write_record(const Places& places, const ContainerRecord& record) {
  const Fd directory = open_directory(places.container(record.id));
  const std::string text =
      to_json(record).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  try {
    replace_file_at(directory, kFile, text, 0600);
  } catch (const Error& error) {
    // Containers can be stopped and removed all the same: that is how a person gets space.
    const bool is_full = error.code() == ENOSPC || error.code() == EDQUOT;
    if (!is_full || !overwrite(directory, text)) throw;
  }
}

std::vector<ContainerRecord> records(const Places& places) {
  std::vector<ContainerRecord> list;
  for (const std::string& id : list_directory(
           open_file(places.containers(), O_RDONLY | O_DIRECTORY), places.containers())) {
    try {
      if (auto record = read_record(places, id); record && record->made)
        list.push_back(std::move(*record));
    } catch (const Error&) {
      continue;  // rm -f is left for it
    }
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& one, const auto& other) { return one.created > other.created; });
  return list;
}

}  // namespace gocker
