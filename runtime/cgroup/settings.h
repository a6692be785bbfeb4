// Values for control files, and the writing of them. What a field of linux.resources means in terms
// of files is decided by pure functions (resources_v1.h, resources_v2.h) that return settings.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/cgroup/group_directory.h"

namespace gocker {

struct Setting {
  // What a file that is absent, or that answers "not supported", means.
  enum class Absence { error, warning, fine };

  std::string file;
  std::string value;
  std::string origin;  // the JSON path: "/linux/resources/memory/limit"
  std::string hint;    // follows the kernel's "Invalid argument" or "Device or resource busy"
  Absence absence = Absence::error;
  bool operator==(const Setting&) const = default;
};
using Settings = std::vector<Setting>;

// Collects the settings for one object of linux.resources.
class SettingList {
 public:
  explicit SettingList(std::string object) : prefix_("/linux/resources/" + std::move(object)) {}

  // `field` is its name in JSON. The reference is good until the next call.
  Setting& add(std::string file, std::string value, const char* field, std::string hint = {}) {
    return settings_.emplace_back(
        Setting{std::move(file), std::move(value), prefix_ + field, std::move(hint)});
  }
  Settings take() { return std::move(settings_); }

 private:
  std::string prefix_;  // "/linux/resources/memory/"
  Settings settings_;
};

// Engines send 0 for a number that nobody set.
template <class Number>
bool is_set(const std::optional<Number>& value) {
  return value && *value != 0;
}

// Writes them all. Some depend on each other (a limit must not exceed another one that is also
// about to change): those that the kernel finds invalid are tried again after the others.
void write_settings(const GroupDirectory& group, const Settings& settings);

}  // namespace gocker
