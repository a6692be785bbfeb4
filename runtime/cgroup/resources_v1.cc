#include "runtime/cgroup/resources_v1.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using std::to_string;

template <class Number>
bool is_set(const std::optional<Number>& value) {
  return value && *value != 0;
}

// -1, and every other negative number, means "unlimited".
std::string bytes(int64_t value) {
  return to_string(std::max<int64_t>(value, -1));
}

std::string device_value(uint32_t major, uint32_t minor, uint64_t value) {
  return to_string(major) + ":" + to_string(minor) + " " + to_string(value);
}

void add_throttles(Settings& settings, const std::vector<oci::ThrottleDevice>& devices,
                   const char* file, const char* field) {
  for (const oci::ThrottleDevice& device : devices) {
    settings.push_back({.file = file,
                        .value = device_value(device.major, device.minor, device.rate),
                        .origin = std::string("linux.resources.blockIO.") + field,
                        .hint = "no such disk"});
  }
}

}  // namespace

Settings memory_settings_v1(const oci::MemoryResources& memory) {
  constexpr const char* kOrder = "memory.swap counts memory and swap together: not below the limit";
  Settings settings;
  if (is_set(memory.limit)) {
    settings.push_back({.file = "memory.limit_in_bytes",
                        .value = bytes(*memory.limit),
                        .origin = "linux.resources.memory.limit",
                        .hint = "more than that is in use, or it exceeds memory.swap"});
  }
  if (is_set(memory.swap)) {
    const bool unlimited = *memory.swap < 0;
    settings.push_back({.file = "memory.memsw.limit_in_bytes",
                        .value = bytes(*memory.swap),
                        .origin = "linux.resources.memory.swap",
                        .hint = kOrder,
                        .absence = unlimited ? Setting::Absence::fine : Setting::Absence::error});
  } else if (memory.limit.value_or(0) < 0) {
    // Unlimited memory makes no sense while memory and swap together are limited.
    settings.push_back({.file = "memory.memsw.limit_in_bytes",
                        .value = "-1",
                        .origin = "linux.resources.memory.limit",
                        .absence = Setting::Absence::fine});
  }
  if (is_set(memory.reservation)) {
    settings.push_back({.file = "memory.soft_limit_in_bytes",
                        .value = bytes(*memory.reservation),
                        .origin = "linux.resources.memory.reservation"});
  }
  if (is_set(memory.kernel)) {  // kernels since 5.16 take no such limit
    settings.push_back({.file = "memory.kmem.limit_in_bytes",
                        .value = bytes(*memory.kernel),
                        .origin = "linux.resources.memory.kernel",
                        .absence = Setting::Absence::fine});
  }
  if (is_set(memory.kernel_tcp)) {
    settings.push_back({.file = "memory.kmem.tcp.limit_in_bytes",
                        .value = bytes(*memory.kernel_tcp),
                        .origin = "linux.resources.memory.kernelTCP",
                        .absence = Setting::Absence::fine});
  }
  if (memory.use_hierarchy) {  // kernels since 5.11 know nothing but true
    settings.push_back(
        {.file = "memory.use_hierarchy",
         .value = *memory.use_hierarchy ? "1" : "0",
         .origin = "linux.resources.memory.useHierarchy",
         .absence = *memory.use_hierarchy ? Setting::Absence::fine : Setting::Absence::error});
  }
  if (memory.swappiness) {
    settings.push_back({.file = "memory.swappiness",
                        .value = to_string(*memory.swappiness),
                        .origin = "linux.resources.memory.swappiness",
                        .hint = "from 0 to 100"});
  }
  if (memory.disable_oom_killer.value_or(false)) {
    settings.push_back({.file = "memory.oom_control",
                        .value = "1",
                        .origin = "linux.resources.memory.disableOOMKiller"});
  }
  return settings;
}

Settings cpu_settings_v1(const oci::CpuResources& cpu) {
  Settings settings;
  const auto add = [&settings](const char* file, std::string value, const char* field,
                               const char* hint) {
    settings.push_back({.file = file,
                        .value = std::move(value),
                        .origin = std::string("linux.resources.cpu.") + field,
                        .hint = hint});
  };
  constexpr const char* kRealtime = "the group above has no such real-time share to give";
  if (is_set(cpu.period)) {
    add("cpu.cfs_period_us", to_string(*cpu.period), "period", "from 1000 to 1000000");
  }
  if (is_set(cpu.quota)) {
    add("cpu.cfs_quota_us", to_string(std::max<int64_t>(*cpu.quota, -1)), "quota",
        "at least 1000, and no larger share than that of the group above");
  }
  if (cpu.burst) {
    add("cpu.cfs_burst_us", to_string(*cpu.burst), "burst", "not more than the quota");
    if (*cpu.burst == 0) settings.back().absence = Setting::Absence::fine;
  }
  if (is_set(cpu.shares)) {
    add("cpu.shares", to_string(*cpu.shares), "shares", "an idle group has none");
  }
  if (is_set(cpu.realtime_period)) {
    add("cpu.rt_period_us", to_string(*cpu.realtime_period), "realtimePeriod", kRealtime);
  }
  if (is_set(cpu.realtime_runtime)) {
    add("cpu.rt_runtime_us", to_string(*cpu.realtime_runtime), "realtimeRuntime", kRealtime);
  }
  if (cpu.idle) {
    add("cpu.idle", to_string(*cpu.idle), "idle", "0 or 1");
    if (*cpu.idle == 0) settings.back().absence = Setting::Absence::fine;
  }
  return settings;
}

Settings cpuset_settings(const oci::CpuResources& cpu) {
  Settings settings;
  if (!cpu.cpus.empty()) {
    settings.push_back({.file = "cpuset.cpus",
                        .value = cpu.cpus,
                        .origin = "linux.resources.cpu.cpus",
                        .hint = "a list such as 0-3,7 of CPUs that this host has"});
  }
  if (!cpu.mems.empty()) {
    settings.push_back({.file = "cpuset.mems",
                        .value = cpu.mems,
                        .origin = "linux.resources.cpu.mems",
                        .hint = "a list such as 0,1 of memory nodes that this host has"});
  }
  return settings;
}

Settings pids_settings(int64_t limit) {
  // Zero is a limit as any other, but a process could not even be cloned into such a group: one is
  // what comes to the same, as the first process counts already.
  const std::string value = limit < 0 ? "max" : to_string(std::max<int64_t>(limit, 1));
  return {{.file = "pids.max", .value = value, .origin = "linux.resources.pids.limit"}};
}

Settings io_settings_v1(const oci::BlockIoResources& io, IoScheduler scheduler) {
  const std::string weight_file =
      scheduler == IoScheduler::bfq ? "blkio.bfq.weight" : "blkio.weight";
  constexpr const char* kRange = "from 10 to 1000";
  Settings settings;
  if (is_set(io.weight)) {
    settings.push_back({.file = weight_file,
                        .value = to_string(*io.weight),
                        .origin = "linux.resources.blockIO.weight",
                        .hint = kRange});
  }
  if (is_set(io.leaf_weight)) {
    settings.push_back({.file = "blkio.leaf_weight",
                        .value = to_string(*io.leaf_weight),
                        .origin = "linux.resources.blockIO.leafWeight",
                        .hint = kRange});
  }
  for (const oci::WeightDevice& device : io.weight_device) {
    if (is_set(device.weight)) {
      settings.push_back({.file = weight_file + "_device",
                          .value = device_value(device.major, device.minor, *device.weight),
                          .origin = "linux.resources.blockIO.weightDevice",
                          .hint = kRange});
    }
    if (is_set(device.leaf_weight)) {
      settings.push_back({.file = "blkio.leaf_weight_device",
                          .value = device_value(device.major, device.minor, *device.leaf_weight),
                          .origin = "linux.resources.blockIO.weightDevice",
                          .hint = kRange});
    }
  }
  add_throttles(settings, io.throttle_read_bps_device, "blkio.throttle.read_bps_device",
                "throttleReadBpsDevice");
  add_throttles(settings, io.throttle_write_bps_device, "blkio.throttle.write_bps_device",
                "throttleWriteBpsDevice");
  add_throttles(settings, io.throttle_read_iops_device, "blkio.throttle.read_iops_device",
                "throttleReadIOPSDevice");
  add_throttles(settings, io.throttle_write_iops_device, "blkio.throttle.write_iops_device",
                "throttleWriteIOPSDevice");
  return settings;
}

const std::string& checked_page_size(const oci::HugepageLimit& limit, const std::string& origin) {
  const std::string& size = limit.page_size;
  const size_t digits = size.find_first_not_of("0123456789");
  const std::string_view unit =
      digits == std::string::npos ? std::string_view() : std::string_view(size).substr(digits);
  if (digits == 0 || (unit != "KB" && unit != "MB" && unit != "GB")) {
    throw Error(origin + ": " + json_quote(size) + ": must be a page size such as 2MB");
  }
  return size;
}

Settings hugetlb_settings_v1(const std::vector<oci::HugepageLimit>& limits) {
  Settings settings;
  for (size_t i = 0; i < limits.size(); ++i) {
    const std::string origin = "linux.resources.hugepageLimits[" + to_string(i) + "]";
    const std::string prefix = "hugetlb." + checked_page_size(limits[i], origin);
    settings.push_back({.file = prefix + ".limit_in_bytes",
                        .value = to_string(limits[i].limit),
                        .origin = origin,
                        .hint = "this host has no huge pages of that size"});
    settings.push_back({.file = prefix + ".rsvd.limit_in_bytes",
                        .value = to_string(limits[i].limit),
                        .origin = origin,
                        .absence = Setting::Absence::fine});
  }
  return settings;
}

Settings network_class_settings(const oci::NetworkResources& network) {
  if (!is_set(network.class_id)) return {};
  return {{.file = "net_cls.classid",
           .value = to_string(*network.class_id),
           .origin = "linux.resources.network.classID"}};
}

Settings network_priority_settings(const oci::NetworkResources& network) {
  Settings settings;
  for (const oci::InterfacePriority& priority : network.priorities) {
    settings.push_back({.file = "net_prio.ifpriomap",
                        .value = priority.name + " " + to_string(priority.priority),
                        .origin = "linux.resources.network.priorities",
                        .hint = "no such network interface"});
  }
  return settings;
}

Settings rdma_settings(const std::map<std::string, oci::RdmaResources>& rdma) {
  Settings settings;
  for (const auto& [device, limits] : rdma) {
    std::string value = device;
    if (limits.hca_handles) value += " hca_handle=" + to_string(*limits.hca_handles);
    if (limits.hca_objects) value += " hca_object=" + to_string(*limits.hca_objects);
    settings.push_back({.file = "rdma.max",
                        .value = std::move(value),
                        .origin = "linux.resources.rdma." + device,
                        .hint = "no such device"});
  }
  return settings;
}

}  // namespace gocker
