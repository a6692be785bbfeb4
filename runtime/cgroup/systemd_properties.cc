#include "runtime/cgroup/systemd_properties.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kInfinity = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMicroseconds = 1'000'000;  // in a second
constexpr std::string_view kAnnotation = "org.systemd.property.";

SystemdProperty number(const char* name, uint64_t value) {
  return {name, "t", {std::to_string(value)}};
}

uint64_t number_or_infinity(std::string_view text) {
  return text == "max" ? kInfinity : parse_u64(text).value_or(kInfinity);
}

// A file that holds a number or "max", and its value in a new group.
struct LimitFile {
  const char* file;
  const char* property;
  uint64_t initial;
};
constexpr std::array kLimitFiles = {
    LimitFile{"memory.max", "MemoryMax", kInfinity},
    LimitFile{"memory.high", "MemoryHigh", kInfinity},
    LimitFile{"memory.low", "MemoryLow", 0},
    LimitFile{"memory.min", "MemoryMin", 0},
    LimitFile{"memory.swap.max", "MemorySwapMax", kInfinity},
    LimitFile{"pids.max", "TasksMax", kInfinity},
};

void add_cpu_weight(SystemdProperties& properties, const GroupDirectory& group, WhichLimits which) {
  constexpr uint64_t kIdle = 0;  // as systemd has it
  constexpr uint64_t kStandard = 100;
  const auto weight = group.read_if_exists("cpu.weight");
  if (!weight) return;
  const auto idle = group.read_if_exists("cpu.idle");
  const uint64_t value =
      idle && trim(*idle) == "1" ? kIdle : parse_u64(trim(*weight)).value_or(kStandard);
  if (which == WhichLimits::all || value != kStandard) {
    properties.push_back(number("CPUWeight", value));
  }
}

// "50000 100000", or "max 100000". systemd keeps the share of a second, in microseconds, and rounds
// down what it makes of it.
void add_cpu_quota(SystemdProperties& properties, const GroupDirectory& group, WhichLimits which) {
  constexpr uint64_t kStandardPeriod = 100'000;
  const auto content = group.read_if_exists("cpu.max");
  if (!content) return;
  const std::vector<std::string_view> words = split(trim(*content), ' ');
  if (words.size() != 2) return;
  const uint64_t period = std::max<uint64_t>(parse_u64(words[1]).value_or(kStandardPeriod), 1);
  uint64_t share = number_or_infinity(words[0]);
  if (share != kInfinity) share = (share * kMicroseconds + period - 1) / period;
  if (which == WhichLimits::all || share != kInfinity) {
    properties.push_back(number("CPUQuotaPerSecUSec", share));
  }
  if (which == WhichLimits::all || period != kStandardPeriod) {
    properties.push_back(number("CPUQuotaPeriodUSec", period));
  }
}

// "0-2,7" -> bytes of a mask, the lowest first.
std::vector<std::string> mask_of(std::string_view list) {
  std::vector<unsigned> bytes;
  for (const std::string_view range : split(list, ',')) {
    const size_t dash = range.find('-');
    const auto first = parse_u32(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_u32(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > 1 << 16) return {};
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

void add_mask(SystemdProperties& properties, const GroupDirectory& group, WhichLimits which,
              const char* file, const char* property) {
  const auto list = group.read_if_exists(file);
  if (!list) return;
  SystemdProperty mask{property, "ay", mask_of(trim(*list))};
  if (which == WhichLimits::all || !mask.values.empty()) properties.push_back(std::move(mask));
}

// "default 100", then lines of devices.
void add_io_weight(SystemdProperties& properties, const GroupDirectory& group) {
  const auto content = group.read_if_exists("io.weight");
  const auto weight = content ? parse_u64(flat_value(*content, "default")) : std::nullopt;
  if (weight && *weight != 100) properties.push_back(number("IOWeight", *weight));
}

// --- GVariant's text form ------------------------------------------------------------------------

struct NumberType {
  std::string_view name;
  const char* signature;
};
constexpr std::array kNumberTypes = {NumberType{"int32", "i"}, NumberType{"uint32", "u"},
                                     NumberType{"int64", "x"}, NumberType{"uint64", "t"}};

// 'text' or "text" -> text. Nothing where it is no text, or has quotes and escapes inside.
std::optional<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"')) return std::nullopt;
  if (text.back() != text.front()) return std::nullopt;
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (inner.find_first_of("'\"\\\t\n") != std::string_view::npos) return std::nullopt;
  return std::string(inner);
}

std::optional<SystemdProperty> parse_array(const std::string& name, std::string_view text) {
  SystemdProperty array{name, "as", {}};
  const std::string_view inner = trim(text.substr(1, text.size() - 2));
  if (inner.empty()) return array;
  for (const std::string_view element : split(inner, ',')) {
    auto value = unquote(trim(element));
    if (!value) return std::nullopt;
    array.values.push_back(std::move(*value));
  }
  return array;
}

std::optional<SystemdProperty> parse_value(const std::string& name, std::string_view text) {
  if (text == "true" || text == "false") return SystemdProperty{name, "b", {std::string(text)}};
  if (auto string = unquote(text)) return SystemdProperty{name, "s", {std::move(*string)}};
  if (text.starts_with('[') && text.ends_with(']')) return parse_array(name, text);
  const char* signature = "i";
  for (const NumberType& type : kNumberTypes) {
    if (!text.starts_with(std::string(type.name) + " ")) continue;
    signature = type.signature;
    text = trim(text.substr(type.name.size()));
  }
  const bool is_number = *signature == 't'   ? parse_u64(text).has_value()
                         : *signature == 'u' ? parse_u32(text).has_value()
                                             : parse_i64(text).has_value();
  if (!is_number) return std::nullopt;
  if (*signature == 'i' && !std::in_range<int32_t>(*parse_i64(text))) return std::nullopt;
  return SystemdProperty{name, signature, {std::string(text)}};
}

// TimeoutStopSec -> TimeoutStopUSec
SystemdProperty in_microseconds(const SystemdProperty& seconds) {
  const auto value = seconds.signature.size() == 1 && seconds.signature != "s"
                         ? parse_u64(seconds.values.front(), kInfinity / kMicroseconds)
                         : std::nullopt;
  if (!value) throw Error("must be a number of seconds");
  const std::string stem = seconds.name.substr(0, seconds.name.size() - 3);
  return {stem + "USec", "t", {std::to_string(*value * kMicroseconds)}};
}

bool is_property_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

}  // namespace

std::string to_text(const SystemdProperties& properties) {
  std::string text;
  for (const SystemdProperty& property : properties) {
    text += property.name + '\t' + property.signature;
    for (const std::string& value : property.values) text += '\t' + value;
    text += '\n';
  }
  return text.empty() ? "\n" : text;
}

SystemdProperties parse_systemd_properties(std::string_view text) {
  SystemdProperties properties;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() < 2) throw Error("not a property: " + json_quote(line));
    properties.push_back({std::string(fields[0]), std::string(fields[1]),
                          std::vector<std::string>(fields.begin() + 2, fields.end())});
  }
  return properties;
}

std::string to_text(const ScopeMember& member) {
  return std::to_string(member.pid) + '\t' + member.group;
}

std::optional<ScopeMember> parse_scope_member(std::string_view text) {
  const size_t tab = text.find('\t');
  const auto pid = parse_u32(text.substr(0, tab));
  if (tab == std::string_view::npos || !pid) return std::nullopt;
  return ScopeMember{.pid = static_cast<pid_t>(*pid), .group = std::string(text.substr(tab + 1))};
}

SystemdProperties limits_of_scope(const GroupDirectory& group, WhichLimits which) {
  SystemdProperties properties;
  for (const auto& [file, property, initial] : kLimitFiles) {
    const auto content = group.read_if_exists(file);
    if (!content) continue;
    const uint64_t value = number_or_infinity(trim(*content));
    if (which == WhichLimits::all || value != initial) {
      properties.push_back(number(property, value));
    }
  }
  add_cpu_weight(properties, group, which);
  add_cpu_quota(properties, group, which);
  add_mask(properties, group, which, "cpuset.cpus", "AllowedCPUs");
  add_mask(properties, group, which, "cpuset.mems", "AllowedMemoryNodes");
  add_io_weight(properties, group);
  return properties;
}

SystemdProperties properties_of_annotations(const oci::StringMap& annotations) {
  SystemdProperties properties;
  for (const auto& [key, text] : annotations) {
    if (!key.starts_with(kAnnotation)) continue;
    const Doing doing("read annotation", key);
    const std::string name = key.substr(kAnnotation.size());
    if (!is_property_name(name)) throw Error("this is no name of a property");
    const auto property = parse_value(name, trim(text));
    if (!property) {
      throw Error(json_quote(text) +
                  ": must be a value such as 'text', true, 15, uint64 15, ['a']");
    }
    const bool in_seconds = name.ends_with("Sec") && !name.ends_with("USec");
    properties.push_back(in_seconds ? in_microseconds(*property) : *property);
  }
  return properties;
}

}  // namespace gocker
