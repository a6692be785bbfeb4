#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/cli/template.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/listing.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/pull/progress.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::array kOptions = {
    Option{"no-stream", 0, "", "once, and not until Ctrl-C"},
    Option{"format", 0, "table|json|TEMPLATE",
           "a table for people, JSON, or such as '{{.CPUPerc}}'"},
};
constexpr std::string_view kTable =
    "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.PIDs}}";
constexpr std::chrono::seconds kPeriod(1);

// What a container has used at a moment.
struct Sample {
  Clock::time_point time;
  uint64_t cpu = 0;     // nanoseconds since its start
  uint64_t memory = 0;  // bytes, as is the limit
  uint64_t limit = 0;
  uint64_t processes = 0;
};

uint64_t number_at(const nlohmann::json& json, const char* path) {
  const nlohmann::json::json_pointer pointer(path);
  return json.contains(pointer) && json.at(pointer).is_number_unsigned()
             ? json.at(pointer).get<uint64_t>()
             : 0;
}

// No more than the machine has: an unlimited group's limit is no size at all.
uint64_t machine_memory() {
  return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Files' contents that were not used lately go before anything else: they are no need of it.
uint64_t memory_in(const nlohmann::json& data) {
  const uint64_t used = number_at(data, "/memory/usage/usage");
  const uint64_t inactive = std::max(number_at(data, "/memory/raw/total_inactive_file"),
                                     number_at(data, "/memory/raw/inactive_file"));
  return used - std::min(used, inactive);
}

Sample sample_of(const Places& places, const std::string& id) {
  Sample sample;
  const nlohmann::json json = nlohmann::json::parse(OciRuntime(places).statistics(id));
  const nlohmann::json& data = json.at("data");
  sample.time = Clock::now();
  sample.cpu = number_at(data, "/cpu/usage/total");
  sample.memory = memory_in(data);
  const uint64_t limit = number_at(data, "/memory/usage/limit");
  sample.limit = limit == 0 ? machine_memory() : std::min(limit, machine_memory());
  sample.processes = number_at(data, "/pids/current");
  return sample;
}

std::string percent(double part) {
  std::array<char, 32> text{};
  ::snprintf(text.data(), text.size(), "%.2f%%", part * 100);
  return text.data();
}

Json row_of(const ContainerRecord& record, const Sample& before, const Sample& now) {
  const double elapsed = std::chrono::duration<double, std::nano>(now.time - before.time).count();
  const double used = now.cpu < before.cpu ? 0 : static_cast<double>(now.cpu - before.cpu);
  const double share = static_cast<double>(now.memory) / static_cast<double>(now.limit);
  return {{"ID", record.id},
          {"Name", spoken_name(record)},
          {"CPUPerc", percent(elapsed > 0 ? used / elapsed : 0)},
          {"MemUsage", human_size(now.memory) + " / " + human_size(now.limit)},
          {"MemPerc", percent(share)},
          {"PIDs", std::to_string(now.processes)}};
}

std::vector<std::string> running_ids(const Places& places) {
  std::vector<std::string> ids;
  for (const ListedContainer& container : list_containers(places)) {
    if (container.is_alive()) ids.push_back(container.record.id);
  }
  return ids;
}

using Samples = std::map<std::string, Sample>;

// Containers that end meanwhile are left out.
Samples sample_all(const Places& places, const std::vector<std::string>& ids) {
  Samples samples;
  for (const std::string& id : ids) {
    try {
      samples.emplace(id, sample_of(places, id));
    } catch (const Error&) {
      continue;
    }
  }
  return samples;
}

std::vector<Json> rows_of(const Places& places, const Samples& before, const Samples& now) {
  std::vector<Json> rows;
  for (const auto& [id, sample] : now) {
    const auto earlier = before.find(id);
    const auto record = read_record(places, id);
    if (record && earlier != before.end()) rows.push_back(row_of(*record, earlier->second, sample));
  }
  return rows;
}

std::string shown(const std::string& format, const std::vector<Json>& rows) {
  if (format == "json") return Json(rows).dump(2) + "\n";
  if (format != "table") return fill_rows(format, rows);
  return rows.empty() ? "no container runs\n" : fill_rows(kTable, rows);
}

void stats(const Global& global, const Arguments& arguments) {
  const std::string format = arguments.value("format", "table");
  if (!is_template(arguments)) table_or_json(arguments);
  const Places places = places_of(global);
  std::vector<std::string> named;
  for (const std::string& name : arguments.positionals()) {
    named.push_back(find_container(places, name));
    require_running(places, load_record(places, named.back()));
  }
  const bool clears = format == "table" && ::isatty(STDOUT_FILENO) != 0;
  Samples before = sample_all(places, named.empty() ? running_ids(places) : named);
  for (;;) {
    std::this_thread::sleep_for(kPeriod);
    Samples now = sample_all(places, named.empty() ? running_ids(places) : named);
    const std::string text = shown(format, rows_of(places, before, now));
    if (arguments.has("no-stream")) return print(text);
    print(clears ? "\x1b[H\x1b[J" + text : text);
    if (!named.empty() && now.empty()) return;
    before = std::move(now);
  }
}

}  // namespace

const Command kContainerStats = {
    "container stats",
    "[CONTAINER...]",
    "show what running containers use of processors and memory",
    "Without CONTAINER: all that run. CPU % counts each processor as 100.\n",
    kOptions,
    0,
    kAnyNumber,
    stats,
};

}  // namespace gocker::cli
