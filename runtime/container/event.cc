#include "runtime/container/event.h"

#include <fcntl.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Json = nlohmann::ordered_json;

Json pressure_line(const PressureLine& line) {
  return {
      {"avg10", line.avg10}, {"avg60", line.avg60}, {"avg300", line.avg300}, {"total", line.total}};
}

void put_pressure(Json& object, const std::optional<Pressure>& pressure) {
  if (!pressure) return;
  object["psi"] = {{"some", pressure_line(pressure->some)},
                   {"full", pressure_line(pressure->full)}};
}

Json cpu_json(const CpuStatistics& cpu) {
  Json usage = {{"total", cpu.total}, {"kernel", cpu.kernel}, {"user", cpu.user}};
  if (!cpu.per_cpu.empty()) usage["percpu"] = cpu.per_cpu;
  Json object = {{"usage", usage},
                 {"throttling",
                  {{"periods", cpu.periods},
                   {"throttledPeriods", cpu.throttled_periods},
                   {"throttledTime", cpu.throttled_time}}}};
  put_pressure(object, cpu.pressure);
  return object;
}

Json counter_json(const MemoryCounter& counter) {
  return {{"limit", counter.limit},
          {"usage", counter.usage},
          {"max", counter.max},
          {"failcnt", counter.fail_count}};
}

Json memory_json(const MemoryStatistics& memory) {
  Json object = {{"cache", memory.cache},
                 {"usage", counter_json(memory.usage)},
                 {"swap", counter_json(memory.swap)},
                 {"kernel", counter_json(memory.kernel)},
                 {"kernelTCP", counter_json(memory.kernel_tcp)},
                 {"raw", memory.raw}};
  put_pressure(object, memory.pressure);
  return object;
}

Json io_list(const std::vector<IoEntry>& entries) {
  Json list = Json::array();
  for (const IoEntry& entry : entries) {
    list.push_back({{"major", entry.major},
                    {"minor", entry.minor},
                    {"op", entry.operation},
                    {"value", entry.value}});
  }
  return list;
}

Json io_json(const CgroupStatistics& statistics) {
  Json object = Json::object();
  if (!statistics.io_bytes.empty()) {
    object["ioServiceBytesRecursive"] = io_list(statistics.io_bytes);
  }
  if (!statistics.io_operations.empty()) {
    object["ioServicedRecursive"] = io_list(statistics.io_operations);
  }
  put_pressure(object, statistics.io_pressure);
  return object;
}

Json hugetlb_json(const CgroupStatistics& statistics) {
  Json object = Json::object();
  for (const auto& [size, counter] : statistics.hugetlb) {
    object[size] = {
        {"usage", counter.usage}, {"max", counter.max}, {"failcnt", counter.fail_count}};
  }
  return object;
}

// A line of /proc/PID/net/dev: "  eth0: 1 2 3 ...", sixteen numbers.
Json interface_json(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const std::string_view name = trim(line.substr(0, colon));
  std::vector<uint64_t> numbers;
  for (const std::string_view word : split(line.substr(colon + 1), ' ')) {
    if (!word.empty()) numbers.push_back(parse_u64(word).value_or(0));
  }
  if (name == "lo" || numbers.size() < 16) return nullptr;
  return {{"Name", name},
          {"RxBytes", numbers[0]},
          {"RxPackets", numbers[1]},
          {"RxErrors", numbers[2]},
          {"RxDropped", numbers[3]},
          {"TxBytes", numbers[8]},
          {"TxPackets", numbers[9]},
          {"TxErrors", numbers[10]},
          {"TxDropped", numbers[11]}};
}

Json interfaces_json(pid_t pid) {
  Json list = Json::array();
  const Fd file = open_if_exists("/proc/" + std::to_string(pid) + "/net/dev", O_RDONLY);
  if (!file) return list;
  const std::string content = read_all(file, "net/dev");
  for (const std::string_view line : split(content, '\n')) {
    if (Json interface = interface_json(line); !interface.is_null()) list.push_back(interface);
  }
  return list;
}

std::string line_of(const Json& event) {
  return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string stats_event(const std::string& id, const CgroupStatistics& statistics, pid_t pid) {
  Json pids = {{"current", statistics.pids}};
  if (statistics.pids_limit != 0) pids["limit"] = statistics.pids_limit;
  const Json data = {{"cpu", cpu_json(statistics.cpu)},
                     {"cpuset", {{"cpus", statistics.cpus}, {"mems", statistics.mems}}},
                     {"memory", memory_json(statistics.memory)},
                     {"pids", pids},
                     {"blkio", io_json(statistics)},
                     {"hugetlb", hugetlb_json(statistics)},
                     {"intel_rdt", Json::object()},
                     {"network_interfaces", interfaces_json(pid)}};
  return line_of({{"type", "stats"}, {"id", id}, {"data", data}});
}

std::string oom_event(const std::string& id) {
  return line_of({{"type", "oom"}, {"id", id}});
}

}  // namespace gocker
