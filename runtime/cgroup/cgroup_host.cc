#include "runtime/cgroup/cgroup_host.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kCustomaryPlace = "/sys/fs/cgroup";
// A host with many containers has many mounts, each a line.
constexpr size_t kMountinfoLimit = 256 << 20;

struct MountLine {
  uint64_t id = 0;
  uint64_t parent = 0;
  std::string_view root;
  std::string mount_point;
  bool writable = true;
  std::string_view type;
  std::string_view super_options;
};

// mountinfo writes blanks, newlines and backslashes as \ooo.
std::string unescape(std::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    const auto code = field[i] == '\\' ? parse_octal(field.substr(i + 1, 3)) : std::nullopt;
    text += code ? static_cast<char>(*code) : field[i];
    if (code) i += 3;
  }
  return text;
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
std::optional<MountLine> parse_line(std::string_view line) {
  constexpr size_t kOptionalFields = 6;
  const std::vector<std::string_view> fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < static_cast<ptrdiff_t>(kOptionalFields)) return std::nullopt;
  if (fields.end() - dash < 4) return std::nullopt;
  const auto id = parse_u64(fields[0]);
  const auto parent = parse_u64(fields[1]);
  if (!id || !parent) return std::nullopt;
  return MountLine{
      *id,     *parent, fields[3], unescape(fields[4]), names_controller(fields[5], "rw"),
      dash[1], dash[3]};
}

std::vector<MountLine> parse_lines(std::string_view mountinfo) {
  std::vector<MountLine> lines;
  for (const std::string_view text : split(mountinfo, '\n')) {
    if (auto line = parse_line(text)) lines.push_back(std::move(*line));
  }
  return lines;
}

bool is_strictly_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return path != "/";
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

// Whether another mount covers this one's own mount point.
bool is_covered(const MountLine& mount, const std::vector<MountLine>& all) {
  return std::any_of(all.begin(), all.end(), [&](const MountLine& other) {
    return other.parent == mount.id && other.id != mount.id &&
           other.mount_point == mount.mount_point;
  });
}

// Whether the way to this mount is free: of two mounts in one parent, the one at the upper
// directory was made later, or the other would have become a child of it.
bool is_reachable(const MountLine& mount, const std::vector<MountLine>& all) {
  const MountLine* step = &mount;
  for (size_t depth = 0; depth <= all.size(); ++depth) {
    const MountLine* parent = nullptr;
    for (const MountLine& other : all) {
      if (other.parent == step->parent && is_strictly_below(step->mount_point, other.mount_point)) {
        return false;
      }
      if (other.id == step->parent && &other != step) parent = &other;
    }
    if (parent == nullptr) return true;
    step = parent;
  }
  return false;
}

bool is_controller(std::string_view option) {
  constexpr std::array<std::string_view, 16> kControllers{
      "blkio",   "cpu", "cpuacct", "cpuset", "debug",   "devices",  "dmem",       "freezer",
      "hugetlb", "io",  "memory",  "misc",   "net_cls", "net_prio", "perf_event", "pids"};
  return option == "rdma" || option.starts_with("name=") ||
         std::find(kControllers.begin(), kControllers.end(), option) != kControllers.end();
}

// "rw,xattr,cpu,cpuacct" -> "cpu,cpuacct"
std::string controllers_of(std::string_view super_options) {
  std::vector<std::string> names;
  for (const std::string_view option : split(super_options, ',')) {
    if (is_controller(option)) names.emplace_back(option);
  }
  return join(names, ",");
}

// Where systemd and its like mount a cgroup2 and nothing else; the other runtimes ask no more,
// either. The table of mounts grows with the host's containers: a line costs microseconds.
bool is_unified_host() {
  struct statfs status {};
  return ::statfs(kCustomaryPlace, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

int preference(const MountLine& mount) {
  const bool customary =
      is_strictly_below(mount.mount_point, kCustomaryPlace) || mount.mount_point == kCustomaryPlace;
  return (customary ? 2 : 0) + (mount.writable ? 1 : 0);
}

}  // namespace

bool names_controller(std::string_view controllers, std::string_view controller) {
  while (true) {
    const size_t end = controllers.find(',');
    if (controllers.substr(0, end) == controller) return true;
    if (end == std::string_view::npos) return false;
    controllers.remove_prefix(end + 1);
  }
}

bool CgroupHost::unified_only() const {
  return hierarchies.size() == 1 && hierarchies[0].controllers.empty();
}

const CgroupHost::Hierarchy* CgroupHost::find(std::string_view controller) const {
  for (const Hierarchy& hierarchy : hierarchies) {
    if (names_controller(hierarchy.controllers, controller)) return &hierarchy;
  }
  return nullptr;
}

CgroupHost parse_cgroup_host(std::string_view mountinfo) {
  const std::vector<MountLine> lines = parse_lines(mountinfo);
  CgroupHost host;
  std::vector<int> preferences;
  for (const MountLine& line : lines) {
    if (line.type != "cgroup" && line.type != "cgroup2") continue;
    if (is_covered(line, lines) || !is_reachable(line, lines)) continue;
    const std::string controllers =
        line.type == "cgroup" ? controllers_of(line.super_options) : std::string();
    if (line.type == "cgroup" && controllers.empty()) continue;
    CgroupHost::Hierarchy hierarchy{controllers, line.mount_point, unescape(line.root)};
    const auto known =
        std::find_if(host.hierarchies.begin(), host.hierarchies.end(),
                     [&](const auto& other) { return other.controllers == controllers; });
    if (known == host.hierarchies.end()) {
      host.hierarchies.push_back(std::move(hierarchy));
      preferences.push_back(preference(line));
      continue;
    }
    int& best = preferences[static_cast<size_t>(known - host.hierarchies.begin())];
    if (preference(line) <= best) continue;
    best = preference(line);
    *known = std::move(hierarchy);
  }
  return host;
}

const CgroupHost& cgroup_host() {
  static const CgroupHost host =
      is_unified_host()
          ? CgroupHost{{{.controllers = {}, .mount_point = kCustomaryPlace, .root = {}}}}
          : parse_cgroup_host(read_file("/proc/self/mountinfo", kMountinfoLimit));
  return host;
}

}  // namespace gocker
