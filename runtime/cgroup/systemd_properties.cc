#include "runtime/cgroup/systemd_properties.h"

#include <algorithm>
#include <array>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kInfinity = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMicroseconds = 1'000'000;  // in a second
constexpr std::string_view kAnnotation = "org.systemd.property.";

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
