#include "runtime/cgroup/statistics.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kPerMicrosecond = 1000;

using Group = std::optional<GroupDirectory>;

Group open_group(const CgroupPaths& paths, std::string_view controller) {
  const CgroupPaths::Hierarchy* hierarchy = paths.find(controller);
  return hierarchy == nullptr ? std::nullopt : GroupDirectory::open_if_exists(hierarchy->directory);
}

std::string text_of(const GroupDirectory& group, const std::string& file) {
  return std::string(trim(group.read_if_exists(file).value_or("")));
}

uint64_t number_of(std::string_view text) {
  return text == "max" ? kNoLimit : parse_u64(text).value_or(0);
}

uint64_t number_in(const GroupDirectory& group, const std::string& file) {
  return number_of(text_of(group, file));
}

// "name 123" lines.
std::map<std::string, uint64_t> flat_numbers(const GroupDirectory& group, const std::string& file) {
  std::map<std::string, uint64_t> numbers;
  const std::string content = text_of(group, file);
  for (const std::string_view line : split(content, '\n')) {
    const size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    numbers.emplace(line.substr(0, blank), number_of(line.substr(blank + 1)));
  }
  return numbers;
}

uint64_t value_of(const std::map<std::string, uint64_t>& numbers, const std::string& name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"
PressureLine parse_pressure_line(std::string_view line) {
  PressureLine result;
  for (const std::string_view word : split(line, ' ')) {
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = word.substr(0, equals);
    const std::string value(word.substr(equals + 1));
    if (name == "avg10") result.avg10 = std::strtod(value.c_str(), nullptr);
    if (name == "avg60") result.avg60 = std::strtod(value.c_str(), nullptr);
    if (name == "avg300") result.avg300 = std::strtod(value.c_str(), nullptr);
    if (name == "total") result.total = number_of(value);
  }
  return result;
}

std::optional<Pressure> read_pressure(const GroupDirectory& group, const std::string& file) {
  std::string content;
  try {
    content = text_of(group, file);
  } catch (const std::exception&) {
    return std::nullopt;  // EOPNOTSUPP: pressure is not counted on this host
  }
  if (content.empty()) return std::nullopt;
  Pressure pressure;
  for (const std::string_view line : split(content, '\n')) {
    if (line.starts_with("some ")) pressure.some = parse_pressure_line(line);
    if (line.starts_with("full ")) pressure.full = parse_pressure_line(line);
  }
  return pressure;
}

// --- v1 ------------------------------------------------------------------------------------------

void read_cpu_v1(const CgroupPaths& paths, CpuStatistics& cpu) {
  if (const Group group = open_group(paths, "cpuacct")) {
    cpu.total = number_in(*group, "cpuacct.usage");
    const std::string per_cpu = text_of(*group, "cpuacct.usage_percpu");
    for (const std::string_view word : split(per_cpu, ' ')) {
      if (!word.empty()) cpu.per_cpu.push_back(number_of(word));
    }
    const uint64_t tick = 1'000'000'000 / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto numbers = flat_numbers(*group, "cpuacct.stat");
    cpu.user = value_of(numbers, "user") * tick;
    cpu.kernel = value_of(numbers, "system") * tick;
  }
  if (const Group group = open_group(paths, "cpu")) {
    const auto numbers = flat_numbers(*group, "cpu.stat");
    cpu.periods = value_of(numbers, "nr_periods");
    cpu.throttled_periods = value_of(numbers, "nr_throttled");
    cpu.throttled_time = value_of(numbers, "throttled_time");
  }
}

MemoryCounter counter_v1(const GroupDirectory& group, const std::string& prefix) {
  return {.limit = number_in(group, prefix + "limit_in_bytes"),
          .usage = number_in(group, prefix + "usage_in_bytes"),
          .max = number_in(group, prefix + "max_usage_in_bytes"),
          .fail_count = number_in(group, prefix + "failcnt")};
}

void read_memory_v1(const GroupDirectory& group, MemoryStatistics& memory) {
  memory.usage = counter_v1(group, "memory.");
  memory.swap = counter_v1(group, "memory.memsw.");
  memory.kernel = counter_v1(group, "memory.kmem.");
  memory.kernel_tcp = counter_v1(group, "memory.kmem.tcp.");
  memory.raw = flat_numbers(group, "memory.stat");
  memory.cache = value_of(memory.raw, "total_cache");
}

// "253:0 Read 4096"
std::vector<IoEntry> io_entries_v1(const GroupDirectory& group, const std::string& file) {
  std::vector<IoEntry> entries;
  const std::string content = text_of(group, file);
  for (const std::string_view line : split(content, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    const size_t colon = words[0].find(':');
    if (words.size() != 3 || colon == std::string_view::npos) continue;
    entries.push_back({number_of(words[0].substr(0, colon)), number_of(words[0].substr(colon + 1)),
                       std::string(words[1]), number_of(words[2])});
  }
  return entries;
}

// --- v2 ------------------------------------------------------------------------------------------

void read_cpu_v2(const GroupDirectory& group, CpuStatistics& cpu) {
  const auto numbers = flat_numbers(group, "cpu.stat");
  cpu.total = value_of(numbers, "usage_usec") * kPerMicrosecond;
  cpu.user = value_of(numbers, "user_usec") * kPerMicrosecond;
  cpu.kernel = value_of(numbers, "system_usec") * kPerMicrosecond;
  cpu.periods = value_of(numbers, "nr_periods");
  cpu.throttled_periods = value_of(numbers, "nr_throttled");
  cpu.throttled_time = value_of(numbers, "throttled_usec") * kPerMicrosecond;
}

void read_memory_v2(const GroupDirectory& group, MemoryStatistics& memory) {
  memory.raw = flat_numbers(group, "memory.stat");
  memory.cache = value_of(memory.raw, "file");
  const auto events = flat_numbers(group, "memory.events");
  memory.usage = {.limit = number_in(group, "memory.max"),
                  .usage = number_in(group, "memory.current"),
                  .max = number_in(group, "memory.peak"),
                  .fail_count = value_of(events, "max")};
  memory.swap = {.limit = number_in(group, "memory.swap.max"),
                 .usage = number_in(group, "memory.swap.current"),
                 .max = number_in(group, "memory.swap.peak"),
                 .fail_count = 0};
}

// "253:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0"
void read_io_v2(const GroupDirectory& group, CgroupStatistics& statistics) {
  struct Field {
    std::string_view name;
    const char* operation;
    std::vector<IoEntry>& list;
  };
  const std::array fields{Field{"rbytes", "Read", statistics.io_bytes},
                          Field{"wbytes", "Write", statistics.io_bytes},
                          Field{"dbytes", "Discard", statistics.io_bytes},
                          Field{"rios", "Read", statistics.io_operations},
                          Field{"wios", "Write", statistics.io_operations},
                          Field{"dios", "Discard", statistics.io_operations}};
  const std::string content = text_of(group, "io.stat");
  for (const std::string_view line : split(content, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    const size_t colon = words[0].find(':');
    if (colon == std::string_view::npos) continue;
    for (const std::string_view word : words) {
      const size_t equals = word.find('=');
      for (const Field& field : fields) {
        if (word.substr(0, equals) != field.name) continue;
        field.list.push_back({number_of(words[0].substr(0, colon)),
                              number_of(words[0].substr(colon + 1)), field.operation,
                              number_of(word.substr(equals + 1))});
      }
    }
  }
}

// --- both ----------------------------------------------------------------------------------------

void read_hugetlb(const CgroupPaths& paths, CgroupStatistics& statistics) {
  const Group v1 = open_group(paths, "hugetlb");
  const Group group = v1 ? open_group(paths, "hugetlb") : open_group(paths, "");
  if (!group) return;
  const std::string_view suffix = v1 ? ".limit_in_bytes" : ".max";
  const Fd listing = open_file_at(group->fd(), ".", O_RDONLY | O_DIRECTORY);
  for (const std::string_view name : list_directory(listing, group->path())) {
    if (!name.starts_with("hugetlb.") || !name.ends_with(suffix)) continue;
    const std::string_view size = name.substr(8, name.size() - suffix.size() - 8);
    if (size.find('.') != std::string_view::npos) continue;  // rsvd
    const std::string prefix = "hugetlb." + std::string(size) + ".";
    MemoryCounter counter = counter_v1(*group, prefix);
    if (!v1) counter.usage = number_in(*group, prefix + "current");
    statistics.hugetlb.emplace(size, counter);
  }
}

void read_cpuset_and_pids(const CgroupPaths& paths, CgroupStatistics& statistics) {
  const auto either = [&](std::string_view controller) {
    Group group = open_group(paths, controller);
    return group ? std::move(group) : open_group(paths, "");
  };
  if (const Group group = either("cpuset")) {
    statistics.cpus = text_of(*group, "cpuset.cpus");
    statistics.mems = text_of(*group, "cpuset.mems");
  }
  if (const Group group = either("pids")) {
    statistics.pids = number_in(*group, "pids.current");
    const uint64_t limit = number_in(*group, "pids.max");
    statistics.pids_limit = limit == kNoLimit ? 0 : limit;
  }
}

}  // namespace

CgroupStatistics read_statistics(const CgroupPaths& paths) {
  CgroupStatistics statistics;
  read_cpuset_and_pids(paths, statistics);
  read_hugetlb(paths, statistics);
  const Group unified = open_group(paths, "");
  if (unified) {
    statistics.cpu.pressure = read_pressure(*unified, "cpu.pressure");
    statistics.memory.pressure = read_pressure(*unified, "memory.pressure");
    statistics.io_pressure = read_pressure(*unified, "io.pressure");
  }
  if (paths.find("cpuacct") != nullptr) {
    read_cpu_v1(paths, statistics.cpu);
  } else if (unified) {
    read_cpu_v2(*unified, statistics.cpu);
  }
  if (const Group memory = open_group(paths, "memory")) {
    read_memory_v1(*memory, statistics.memory);
  } else if (unified) {
    read_memory_v2(*unified, statistics.memory);
  }
  if (const Group io = open_group(paths, "blkio")) {
    statistics.io_bytes = io_entries_v1(*io, "blkio.throttle.io_service_bytes_recursive");
    statistics.io_operations = io_entries_v1(*io, "blkio.throttle.io_serviced_recursive");
  } else if (unified) {
    read_io_v2(*unified, statistics);
  }
  return statistics;
}

}  // namespace gocker
