#include "runtime/cgroup/resources_v1.h"

#include <algorithm>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using std::to_string;

// -1, and every other negative number, means "unlimited".
std::string bytes(int64_t value) {
  return to_string(std::max<int64_t>(value, -1));
}

std::string device_value(uint32_t major, uint32_t minor, uint64_t value) {
  return to_string(major) + ":" + to_string(minor) + " " + to_string(value);
}

void add_throttles(SettingList& list, const std::vector<oci::ThrottleDevice>& devices,
                   const char* file, const char* field) {
  for (const oci::ThrottleDevice& device : devices) {
    list.add(file, device_value(device.major, device.minor, device.rate), field, "no such disk");
  }
}

void add_swap(SettingList& list, const oci::MemoryResources& memory) {
  constexpr const char* kFile = "memory.memsw.limit_in_bytes";
  if (is_set(memory.swap)) {
    Setting& setting = list.add(kFile, bytes(*memory.swap), "swap",
                                "memory.swap counts memory and swap together: not below the limit");
    // Without swap accounting there is no limit to lift.
    if (*memory.swap < 0) setting.absence = Setting::Absence::fine;
  } else if (memory.limit.value_or(0) < 0) {
    // Unlimited memory makes no sense while memory and swap together are limited.
    list.add(kFile, "-1", "limit").absence = Setting::Absence::fine;
  }
}

// Fields that kernels since 5.11 and 5.16 know only one value of, or ignore.
void add_former_fields(SettingList& list, const oci::MemoryResources& memory) {
  if (is_set(memory.kernel)) {
    list.add("memory.kmem.limit_in_bytes", bytes(*memory.kernel), "kernel").absence =
        memory.kernel < 0 ? Setting::Absence::fine : Setting::Absence::warning;
  }
  if (is_set(memory.kernel_tcp)) {
    list.add("memory.kmem.tcp.limit_in_bytes", bytes(*memory.kernel_tcp), "kernelTCP").absence =
        memory.kernel_tcp < 0 ? Setting::Absence::fine : Setting::Absence::warning;
  }
  if (memory.use_hierarchy) {
    const bool wanted = *memory.use_hierarchy;
    Setting& setting =
        list.add("memory.use_hierarchy", wanted ? "1" : "0", "useHierarchy", "always true here");
    if (wanted) setting.absence = Setting::Absence::fine;
  }
}

}  // namespace

Settings memory_settings_v1(const oci::MemoryResources& memory) {
  SettingList list("memory/");
  if (is_set(memory.limit)) {
    list.add("memory.limit_in_bytes", bytes(*memory.limit), "limit",
             "more than that is in use, or it exceeds memory.swap");
  }
  add_swap(list, memory);
  if (is_set(memory.reservation)) {
    list.add("memory.soft_limit_in_bytes", bytes(*memory.reservation), "reservation");
  }
  add_former_fields(list, memory);
  if (memory.swappiness) {
    list.add("memory.swappiness", to_string(*memory.swappiness), "swappiness", "from 0 to 100");
  }
  if (memory.disable_oom_killer.value_or(false)) {
    list.add("memory.oom_control", "1", "disableOOMKiller");
  }
  return list.take();
}

Settings cpu_settings_v1(const oci::CpuResources& cpu) {
  constexpr const char* kRealtime = "the group above has no such real-time share to give";
  SettingList list("cpu/");
  if (is_set(cpu.period)) {
    list.add("cpu.cfs_period_us", to_string(*cpu.period), "period", "from 1000 to 1000000");
  }
  if (is_set(cpu.quota)) {
    list.add("cpu.cfs_quota_us", to_string(std::max<int64_t>(*cpu.quota, -1)), "quota",
             "at least 1000, and no larger share than that of the group above");
  }
  if (cpu.burst) {
    Setting& setting =
        list.add("cpu.cfs_burst_us", to_string(*cpu.burst), "burst", "not more than the quota");
    if (*cpu.burst == 0) setting.absence = Setting::Absence::fine;
  }
  if (is_set(cpu.shares)) {
    list.add("cpu.shares", to_string(*cpu.shares), "shares", "an idle group has none");
  }
  if (is_set(cpu.realtime_period)) {
    list.add("cpu.rt_period_us", to_string(*cpu.realtime_period), "realtimePeriod", kRealtime);
  }
  if (is_set(cpu.realtime_runtime)) {
    list.add("cpu.rt_runtime_us", to_string(*cpu.realtime_runtime), "realtimeRuntime", kRealtime);
  }
  if (cpu.idle) {
    Setting& setting = list.add("cpu.idle", to_string(*cpu.idle), "idle", "0 or 1");
    if (*cpu.idle == 0) setting.absence = Setting::Absence::fine;
  }
  return list.take();
}

Settings cpuset_settings(const oci::CpuResources& cpu) {
  SettingList list("cpu/");
  if (!cpu.cpus.empty()) {
    list.add("cpuset.cpus", cpu.cpus, "cpus",
             "a list such as 0-3,7 of CPUs that the group above has");
  }
  if (!cpu.mems.empty()) {
    list.add("cpuset.mems", cpu.mems, "mems",
             "a list such as 0,1 of memory nodes that the group above has");
  }
  return list.take();
}

Settings pids_settings(int64_t limit) {
  // Zero is a limit as any other, but a process could not even be cloned into such a group: one is
  // what comes to the same, as the first process counts already.
  const std::string value = limit < 0 ? "max" : to_string(std::max<int64_t>(limit, 1));
  return {{.file = "pids.max", .value = value, .origin = "/linux/resources/pids/limit"}};
}

Settings io_settings_v1(const oci::BlockIoResources& io, IoScheduler scheduler) {
  const std::string weight_file =
      scheduler == IoScheduler::bfq ? "blkio.bfq.weight" : "blkio.weight";
  constexpr const char* kRange = "from 10 to 1000";
  SettingList list("blockIO/");
  if (is_set(io.weight)) list.add(weight_file, to_string(*io.weight), "weight", kRange);
  if (is_set(io.leaf_weight)) {
    list.add("blkio.leaf_weight", to_string(*io.leaf_weight), "leafWeight",
             "this kernel has no such weights");
  }
  for (const oci::WeightDevice& device : io.weight_device) {
    if (is_set(device.weight)) {
      list.add(weight_file + "_device", device_value(device.major, device.minor, *device.weight),
               "weightDevice", kRange);
    }
    if (is_set(device.leaf_weight)) {
      list.add("blkio.leaf_weight_device",
               device_value(device.major, device.minor, *device.leaf_weight), "weightDevice",
               "this kernel has no such weights");
    }
  }
  add_throttles(list, io.throttle_read_bps_device, "blkio.throttle.read_bps_device",
                "throttleReadBpsDevice");
  add_throttles(list, io.throttle_write_bps_device, "blkio.throttle.write_bps_device",
                "throttleWriteBpsDevice");
  add_throttles(list, io.throttle_read_iops_device, "blkio.throttle.read_iops_device",
                "throttleReadIOPSDevice");
  add_throttles(list, io.throttle_write_iops_device, "blkio.throttle.write_iops_device",
                "throttleWriteIOPSDevice");
  return list.take();
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
    const std::string origin = "/linux/resources/hugepageLimits/" + to_string(i);
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
           .origin = "/linux/resources/network/classID"}};
}

Settings network_priority_settings(const oci::NetworkResources& network) {
  Settings settings;
  for (const oci::InterfacePriority& priority : network.priorities) {
    settings.push_back({.file = "net_prio.ifpriomap",
                        .value = priority.name + " " + to_string(priority.priority),
                        .origin = "/linux/resources/network/priorities",
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
                        .origin = "/linux/resources/rdma/" + device,
                        .hint = "no such device"});
  }
  return settings;
}

}  // namespace gocker
