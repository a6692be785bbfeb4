#include "imagetool/containers/listing.h"

#include <time.h>

#include <algorithm>
#include <array>

#include "imagetool/containers/control.h"
#include "imagetool/containers/keeper.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

ListedContainer listed(const Places& places, ContainerRecord record, const RuntimeState* state) {
  ListedContainer container{std::move(record)};
  container.status = status_of(container.record, state);
  if (state != nullptr && state->is_alive()) {
    container.pid = state->pid;
    container.attended = has_keeper(places, container.record.id);
  }
  return container;
}

// Seconds since the epoch.
int64_t parse_time(std::string_view text) {
  tm fields{};
  const std::string copy(text);
  if (::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &fields) == nullptr) return 0;
  return ::timegm(&fields);
}

bool has_label(const ContainerRecord& record, std::string_view wanted) {
  const size_t equals = wanted.find('=');
  const auto found = record.labels.find(std::string(wanted.substr(0, equals)));
  if (found == record.labels.end()) return false;
  return equals == std::string_view::npos || found->second == wanted.substr(equals + 1);
}

}  // namespace

std::vector<ListedContainer> list_containers(const Places& places) {
  std::vector<ContainerRecord> all = records(places);
  const auto states =
      all.empty() ? std::map<std::string, RuntimeState>() : OciRuntime(places).list();
  std::vector<ListedContainer> list;
  for (ContainerRecord& record : all) {
    const auto state = states.find(record.id);
    const RuntimeState* known = state == states.end() ? nullptr : &state->second;
    list.push_back(listed(places, std::move(record), known));
  }
  return list;
}

ListedContainer look_at(const Places& places, const std::string& id) {
  const auto state = OciRuntime(places).state(id);
  return listed(places, load_record(places, id), state ? &*state : nullptr);
}

std::string describe_age(std::string_view time, int64_t now) {
  struct Unit {
    const char* name;
    int64_t seconds;
  };
  constexpr std::array kUnits = {Unit{"day", 86400}, Unit{"hour", 3600}, Unit{"minute", 60},
                                 Unit{"second", 1}};
  const int64_t age = now - parse_time(time);
  for (const Unit& unit : kUnits) {
    if (age < unit.seconds) continue;
    const int64_t count = age / unit.seconds;
    return std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
  }
  return "Less than a second";
}

std::string describe_status(const ListedContainer& container, int64_t now) {
  const ContainerRecord& record = container.record;
  if (container.is_alive()) {
    std::string text = "Up " + describe_age(record.started, now);
    if (container.status == "paused") text += " (Paused)";
    if (!container.attended) text += " (its conmon is gone: exit code will be unknown)";
    return text;
  }
  if (container.status == "created") return "Created";
  const std::string code = record.exit_code ? std::to_string(*record.exit_code) : "unknown";
  const std::string word = container.status == "restarting" ? "Restarting" : "Exited";
  return word + " (" + code + ") " + describe_age(record.finished, now) + " ago";
}

bool matches(const ListedContainer& container, std::string_view filter) {
  const size_t equals = filter.find('=');
  if (equals == std::string_view::npos) {
    throw Error("'" + std::string(filter) + "' is no filter: it takes KEY=VALUE");
  }
  const std::string_view key = filter.substr(0, equals);
  const std::string_view value = filter.substr(equals + 1);
  const ContainerRecord& record = container.record;
  if (key == "id") return record.id.starts_with(value);
  if (key == "name") return record.name.find(value) != std::string::npos;
  if (key == "status") return container.status == value;
  if (key == "label") return has_label(record, value);
  if (key == "ancestor") return record.image == value || record.digest.find(value) == 7;
  if (key == "exited") {
    return container.status == "exited" && record.exit_code &&
           std::to_string(*record.exit_code) == value;
  }
  if (key == "network") {
    const auto& names = record.network.names;
    return std::find(names.begin(), names.end(), value) != names.end();
  }
  if (key == "volume") {
    return std::any_of(record.volumes.begin(), record.volumes.end(), [&](const VolumeUse& use) {
      return use.name == value || use.destination == value;
    });
  }
  throw Error("unknown filter '" + std::string(key) +
              "' (id, name, status, label, ancestor, exited, network, volume)");
}

}  // namespace gocker
