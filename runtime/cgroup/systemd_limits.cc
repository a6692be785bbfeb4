#include "runtime/cgroup/systemd_limits.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/resources_v1.h"
#include "runtime/cgroup/resources_v2.h"

namespace gocker {
namespace {

constexpr uint64_t kInfinity = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMicroseconds = 1'000'000;  // in a second
constexpr const char* kWeightOfIo = "io.weight";

// Files of a number or "max".
struct NumberFile {
  const char* file;
  const char* property;
};
constexpr std::array kNumberFiles = {
    NumberFile{"memory.max", "MemoryMax"},          NumberFile{"memory.high", "MemoryHigh"},
    NumberFile{"memory.low", "MemoryLow"},          NumberFile{"memory.min", "MemoryMin"},
    NumberFile{"memory.swap.max", "MemorySwapMax"}, NumberFile{"pids.max", "TasksMax"},
};
// Files of a list of numbers.
constexpr std::array kListFiles = {
    NumberFile{"cpuset.cpus", "AllowedCPUs"},
    NumberFile{"cpuset.mems", "AllowedMemoryNodes"},
};
constexpr std::array kOtherFiles = {"cpu.weight", "cpu.idle", "cpu.max", kWeightOfIo};

template <class Visit>
void for_each_file(Visit visit) {
  for (const NumberFile& each : kNumberFiles) visit(each.file);
  for (const NumberFile& each : kListFiles) visit(each.file);
  for (const char* file : kOtherFiles) visit(file);
}

std::optional<std::string_view> find(const LimitFiles& files, const std::string& name) {
  const auto found = files.find(name);
  if (found == files.end()) return std::nullopt;
  return trim(found->second);
}

void read_into(LimitFiles& files, const GroupDirectory& group, const char* name) {
  if (auto content = group.read_if_exists(name)) files[name] = std::move(*content);
}

SystemdProperty number(const char* name, uint64_t value) {
  return {name, "t", {std::to_string(value)}};
}

std::optional<uint64_t> number_or_infinity(std::string_view text) {
  return text == "max" ? kInfinity : parse_u64(text);
}

void add_numbers(SystemdProperties& properties, const LimitFiles& files) {
  for (const auto& [file, property] : kNumberFiles) {
    const auto content = find(files, file);
    const auto value = content ? number_or_infinity(*content) : std::nullopt;
    if (value) properties.push_back(number(property, *value));
  }
}

void add_cpu_weight(SystemdProperties& properties, const LimitFiles& files) {
  constexpr uint64_t kIdle = 0;  // as systemd has it
  const auto weight = find(files, "cpu.weight");
  const auto value = find(files, "cpu.idle") == "1" ? kIdle
                     : weight                       ? parse_u64(*weight)
                                                    : std::nullopt;
  if (value) properties.push_back(number("CPUWeight", *value));
}

// Microseconds of a second. systemd rounds down what it makes of it.
uint64_t share_of_second(uint64_t quota, uint64_t period) {
  if (quota > (kInfinity - period) / kMicroseconds) return kInfinity;
  return (quota * kMicroseconds + period - 1) / period;
}

// "50000 100000", "max 100000", or a quota alone.
void add_cpu_quota(SystemdProperties& properties, const LimitFiles& files) {
  constexpr uint64_t kStandardPeriod = 100'000;
  const auto content = find(files, "cpu.max");
  if (!content) return;
  const std::vector<std::string_view> words = split(*content, ' ');
  const auto quota = number_or_infinity(words.front());
  const auto period = words.size() > 1 ? parse_u64(words[1]) : kStandardPeriod;
  if (!quota || !period || *period == 0) return;
  properties.push_back(number("CPUQuotaPerSecUSec", share_of_second(*quota, *period)));
  properties.push_back(number("CPUQuotaPeriodUSec", *period));
}

// "0-2,7" -> bytes of a mask, the lowest first; nothing where it is no such list.
std::optional<std::vector<std::string>> mask_of(std::string_view list) {
  constexpr uint32_t kLargest = 1 << 16;
  std::vector<unsigned> bytes;
  for (const std::string_view range : split(list, ',')) {
    if (range.empty()) continue;
    const size_t dash = range.find('-');
    const auto first = parse_u32(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_u32(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > kLargest) return std::nullopt;
    for (uint32_t bit = *first; bit <= *last; ++bit) {
      if (bytes.size() <= bit / 8) bytes.resize(bit / 8 + 1);
      bytes[bit / 8] |= 1U << bit % 8;
    }
  }
  std::vector<std::string> texts;
  texts.reserve(bytes.size());
  for (const unsigned byte : bytes) texts.push_back(std::to_string(byte));
  return texts;
}

void add_lists(SystemdProperties& properties, const LimitFiles& files) {
  for (const auto& [file, property] : kListFiles) {
    const auto list = find(files, file);
    auto mask = list ? mask_of(*list) : std::nullopt;
    if (mask) properties.push_back({property, "ay", std::move(*mask)});
  }
}

// "default 100", then lines of devices.
void add_io_weight(SystemdProperties& properties, const LimitFiles& files) {
  constexpr uint64_t kStandard = 100;
  const auto content = find(files, kWeightOfIo);
  const auto weight = content ? parse_u64(flat_value(*content, "default")) : std::nullopt;
  if (weight && *weight != kStandard) properties.push_back(number("IOWeight", *weight));
}

}  // namespace

LimitFiles planned_limit_files(const oci::Resources& resources) {
  const Doing doing("set limits");
  LimitFiles files;
  const auto add = [&](const Settings& settings) {
    for (const Setting& setting : settings) files[setting.file] = setting.value;
  };
  if (resources.memory && !memory_settings_v1(*resources.memory).empty()) {
    add(memory_settings_v2(*resources.memory, {}));
  }
  if (resources.cpu) {
    if (!cpu_settings_v1(*resources.cpu).empty()) add(cpu_settings_v2(*resources.cpu, "max"));
    add(cpuset_settings(*resources.cpu));
  }
  if (resources.pids_limit) add(pids_settings(*resources.pids_limit));
  return files;
}

LimitFiles read_limit_files(const GroupDirectory& group) {
  LimitFiles files;
  for_each_file([&](const char* name) { read_into(files, group, name); });
  return files;
}

LimitFiles read_limit_files(const GroupDirectory& group, const oci::Resources& written) {
  const LimitFiles planned = planned_limit_files(written);
  LimitFiles files;
  for_each_file([&](const char* name) {
    const bool is_weight_of_io = name == kWeightOfIo && written.block_io;
    if (is_weight_of_io || planned.contains(name) || written.unified.contains(name)) {
      read_into(files, group, name);
    }
  });
  return files;
}

SystemdProperties limits_of_scope(const LimitFiles& files) {
  SystemdProperties properties;
  add_numbers(properties, files);
  add_cpu_weight(properties, files);
  add_cpu_quota(properties, files);
  add_lists(properties, files);
  add_io_weight(properties, files);
  return properties;
}

SystemdProperties news_in(const SystemdProperties& properties, const SystemdProperties& known) {
  SystemdProperties news;
  std::copy_if(properties.begin(), properties.end(), std::back_inserter(news),
               [&](const SystemdProperty& property) {
                 return std::find(known.begin(), known.end(), property) == known.end();
               });
  return news;
}

}  // namespace gocker
