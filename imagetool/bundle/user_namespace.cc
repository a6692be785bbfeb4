#include "imagetool/bundle/user_namespace.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id_map.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kHighestId = 4294967294;  // the one above is the kernel's "none"
constexpr uint64_t kFirstFree = 524288;
constexpr uint64_t kLastFree = 1879048191;
constexpr uint64_t kStep = 65536;
constexpr const char* kSubordinateUsers = "/etc/subuid";
constexpr const char* kSubordinateGroups = "/etc/subgid";

struct Range {
  uint64_t start;
  uint64_t size;
  bool overlaps(const Range& other) const {
    return start < other.start + other.size && other.start < start + size;
  }
};

struct SubordinateRange {
  std::string name;
  Range range;
};

// Lines that are not NAME:START:SIZE are left out, as newuidmap(1) does.
std::vector<SubordinateRange> read_subordinate_ranges(const char* file) {
  std::vector<SubordinateRange> ranges;
  const Fd fd = open_if_exists(file, 0);
  if (!fd) return ranges;
  const std::string text = read_all(fd, file);
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> parts = split(line, ':');
    if (parts.size() != 3) continue;
    const auto start = parse_u64(trim(parts[1]), kHighestId);
    const auto size = parse_u64(trim(parts[2]), kHighestId);
    if (!start || !size || *size == 0 || *start + *size - 1 > kHighestId) continue;
    ranges.push_back({std::string(trim(parts[0])), {*start, *size}});
  }
  return ranges;
}

std::vector<oci::IdMapping> map_subordinate(const char* file, const std::string& name) {
  std::vector<oci::IdMapping> maps;
  uint64_t inside = 0;
  for (const SubordinateRange& each : read_subordinate_ranges(file)) {
    if (each.name != name) continue;
    maps.push_back({static_cast<uint32_t>(inside), static_cast<uint32_t>(each.range.start),
                    static_cast<uint32_t>(each.range.size)});
    inside += each.range.size;
  }
  if (maps.empty()) throw Error(std::string(file).append(" has no range for ").append(name));
  return maps;
}

void check_overlap(const std::vector<oci::IdMapping>& maps, const char* kind) {
  for (size_t i = 0; i < maps.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Range inside[] = {{maps[i].container_id, maps[i].size},
                              {maps[j].container_id, maps[j].size}};
      const Range outside[] = {{maps[i].host_id, maps[i].size}, {maps[j].host_id, maps[j].size}};
      if (!inside[0].overlaps(inside[1]) && !outside[0].overlaps(outside[1])) continue;
      throw Error(std::string("two mappings of ").append(kind).append(" overlap"));
    }
  }
}

void check_maps(const std::vector<oci::IdMapping>& maps, const char* kind) {
  for (const oci::IdMapping& each : maps) {
    if (each.size == 0 || uint64_t{each.container_id} + each.size - 1 > kHighestId ||
        uint64_t{each.host_id} + each.size - 1 > kHighestId) {
      throw Error(std::string("a mapping of ")
                      .append(kind)
                      .append(" is empty or goes beyond the highest id"));
    }
  }
  check_overlap(maps, kind);
  const bool has_root = std::any_of(
      maps.begin(), maps.end(), [](const oci::IdMapping& each) { return each.container_id == 0; });
  if (!has_root) {
    throw Error(std::string("no mapping of ")
                    .append(kind)
                    .append(" begins at 0 in the container: nobody would be root there"));
  }
}

std::vector<Range> ranges_in_use(const std::vector<Lease>& leases) {
  std::vector<Range> used;
  for (const char* file : {kSubordinateUsers, kSubordinateGroups}) {
    for (const SubordinateRange& each : read_subordinate_ranges(file)) used.push_back(each.range);
  }
  for (const Lease& lease : leases) {
    for (const auto& maps : {lease.id_maps.uids, lease.id_maps.gids}) {
      for (const oci::IdMapping& each : maps) used.push_back({each.host_id, each.size});
    }
  }
  return used;
}

std::vector<IdRange> ranges_of(const std::vector<oci::IdMapping>& mappings) {
  std::vector<IdRange> ranges;
  ranges.reserve(mappings.size());
  for (const oci::IdMapping& each : mappings) {
    ranges.push_back({each.container_id, each.host_id, each.size});
  }
  return ranges;
}

}  // namespace

Fd make_user_namespace(const IdMaps& maps) {
  return make_user_namespace(ranges_of(maps.uids), ranges_of(maps.gids));
}

void become_root_in(const Fd& user_namespace) {
  check(::setns(user_namespace.get(), CLONE_NEWUSER), "setns");
  check(::setresgid(0, 0, 0), "setresgid");
  check(::setresuid(0, 0, 0), "setresuid");
}

uint32_t outside_root(const std::vector<oci::IdMapping>& mappings) {
  for (const oci::IdMapping& each : mappings) {
    if (each.container_id == 0) return each.host_id;
  }
  throw Error("0 is not mapped");
}

UserNamespaceOptions parse_user_namespace(std::string_view text) {
  constexpr std::string_view kAutomatic = "auto";
  constexpr std::string_view kSize = "auto:size=";
  UserNamespaceOptions options;
  if (text == "host") return options;
  options.kind = UserNamespaceOptions::Kind::automatic;
  if (text == kAutomatic) return options;
  const auto size =
      text.starts_with(kSize) ? parse_u64(text.substr(kSize.size()), kLastFree) : std::nullopt;
  if (!size || *size == 0) {
    throw Error("'" + std::string(text) + "' is no user namespace: auto, auto:size=N or host");
  }
  options.size = static_cast<uint32_t>(*size);
  return options;
}

oci::IdMapping parse_id_mapping(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  std::vector<uint32_t> numbers;
  for (const std::string_view part : parts) {
    if (const auto number = parse_u64(part, kHighestId)) {
      numbers.push_back(static_cast<uint32_t>(*number));
    }
  }
  if (parts.size() != 3 || numbers.size() != 3 || numbers[2] == 0) {
    throw Error("'" + std::string(text) + "' is no id mapping: it takes CONTAINER:HOST:SIZE");
  }
  return {numbers[0], numbers[1], numbers[2]};
}

IdMaps check_id_maps(IdMaps maps) {
  if (maps.gids.empty()) maps.gids = maps.uids;
  if (maps.uids.empty()) maps.uids = maps.gids;
  check_maps(maps.uids, "users");
  check_maps(maps.gids, "groups");
  return maps;
}

IdMaps subordinate_id_maps(const std::string& user, const std::string& group) {
  return check_id_maps(
      {map_subordinate(kSubordinateUsers, user), map_subordinate(kSubordinateGroups, group)});
}

IdMaps free_id_maps(uint32_t size, const std::vector<Lease>& leases) {
  const std::vector<Range> used = ranges_in_use(leases);
  Range range{kFirstFree, size};
  while (range.start + range.size - 1 <= kLastFree) {
    const auto taken = std::find_if(used.begin(), used.end(),
                                    [&](const Range& other) { return other.overlaps(range); });
    if (taken == used.end()) {
      const oci::IdMapping mapping{0, static_cast<uint32_t>(range.start), size};
      return {{mapping}, {mapping}};
    }
    range.start = (taken->start + taken->size + kStep - 1) / kStep * kStep;
  }
  throw Error("no range of " + std::to_string(size) +
              " ids is free for a user namespace; remove containers or give --uidmap");
}

}  // namespace gocker
