#include "runtime/cgroup/systemd_name.h"

#include <algorithm>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kScope = ".scope";
constexpr std::string_view kSlice = ".slice";
constexpr size_t kLongestName = 255;

[[noreturn]] void throw_bad_path(const std::string& path, const std::string& why) {
  throw Error("/linux/cgroupsPath: " + json_quote(path) + ": " + why);
}

// systemd.unit(5): ASCII letters, digits and these.
bool is_unit_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           return is_letter || (c >= '0' && c <= '9') ||
                  std::string_view(":-_.\\@").find(c) != std::string_view::npos;
         });
}

bool is_slice_name(std::string_view name) {
  if (name == "-.slice") return true;
  if (!is_unit_name(name) || !name.ends_with(kSlice)) return false;
  const std::string_view stem = name.substr(0, name.size() - kSlice.size());
  return !stem.empty() && !stem.starts_with('-') && !stem.ends_with('-') &&
         stem.find("--") == std::string_view::npos;
}

}  // namespace

ScopeName plan_scope(const std::string& cgroups_path, const std::string& id,
                     SystemdInstance instance) {
  const std::string standard = instance == SystemdInstance::user ? "user.slice" : "system.slice";
  if (cgroups_path.empty()) return {"gocker-" + id + std::string(kScope), standard};
  const std::vector<std::string_view> parts = split(cgroups_path, ':');
  if (parts.size() != 3 || parts[2].empty()) {
    throw_bad_path(cgroups_path, "must be SLICE:PREFIX:NAME where systemd makes the group");
  }
  ScopeName name;
  name.slice = parts[0].empty() ? standard : parts[0];
  name.unit = std::string(parts[1]) + (parts[1].empty() ? "" : "-") + std::string(parts[2]);
  if (!name.unit.ends_with(kScope)) name.unit += kScope;
  if (!is_slice_name(name.slice)) {
    throw_bad_path(cgroups_path, json_quote(name.slice) + " is no name of a slice");
  }
  if (!is_unit_name(name.unit)) {
    throw_bad_path(cgroups_path, json_quote(name.unit) + " is no name of a unit");
  }
  return name;
}

}  // namespace gocker
