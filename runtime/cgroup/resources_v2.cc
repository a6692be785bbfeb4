#include "runtime/cgroup/resources_v2.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using std::to_string;

std::string number_or_max(int64_t value) {
  return value < 0 ? "max" : to_string(value);
}

[[noreturn]] void throw_no_counterpart(const char* field) {
  throw Error(std::string("/linux/resources/") + field + ": cgroup v2 has nothing like it");
}

void refuse_v1_memory_fields(const oci::MemoryResources& memory) {
  if (memory.kernel.value_or(0) > 0) throw_no_counterpart("memory/kernel");
  if (memory.kernel_tcp.value_or(0) > 0) throw_no_counterpart("memory/kernelTCP");
  if (memory.swappiness) throw_no_counterpart("memory/swappiness");
  if (memory.disable_oom_killer.value_or(false)) throw_no_counterpart("memory/disableOOMKiller");
  if (!memory.use_hierarchy.value_or(true)) throw_no_counterpart("memory/useHierarchy");
}

void check_usage(const oci::MemoryResources& memory, const MemoryBefore& before) {
  if (!memory.check_before_update.value_or(false) || memory.limit.value_or(0) <= 0) return;
  if (static_cast<uint64_t>(*memory.limit) >= before.usage) return;
  throw Error("/linux/resources/memory/limit: " + to_string(*memory.limit) +
              " bytes: " + to_string(before.usage) + " are in use, and checkBeforeUpdate is set");
}

// The swap alone, in the form of memory.swap.max; empty where it is to be left.
std::string swap_alone(const oci::MemoryResources& memory, const MemoryBefore& before) {
  constexpr const char* kField = "/linux/resources/memory/swap: ";
  const int64_t total = memory.swap.value_or(0);
  if (total == 0) return memory.limit.value_or(0) < 0 ? "max" : "";
  if (total < 0) return "max";
  std::optional<uint64_t> limit = before.limit;
  if (is_set(memory.limit)) {
    limit = *memory.limit < 0 ? std::nullopt : std::optional(static_cast<uint64_t>(*memory.limit));
  }
  if (!limit) {
    throw Error(std::string(kField) + "needs memory.limit: it counts memory and swap together");
  }
  if (static_cast<uint64_t>(total) < *limit) {
    throw Error(std::string(kField) + to_string(total) +
                " is below memory.limit: it counts memory and swap together");
  }
  return to_string(static_cast<uint64_t>(total) - *limit);
}

std::string device_name(uint32_t major, uint32_t minor) {
  return to_string(major) + ":" + to_string(minor) + " ";
}

void add_throttles(SettingList& list, const std::vector<oci::ThrottleDevice>& devices,
                   const char* key, const char* field) {
  for (const oci::ThrottleDevice& device : devices) {
    const std::string rate = device.rate == 0 ? "max" : to_string(device.rate);
    list.add("io.max", device_name(device.major, device.minor) + key + "=" + rate, field,
             "no such disk");
  }
}

}  // namespace

uint64_t cpu_weight_of_shares(uint64_t shares) {
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const double log_shares = std::log2(static_cast<double>(shares));
  const double log_weight = (log_shares * log_shares + 125 * log_shares) / 612.0 - 7.0 / 34.0;
  // Rounded up, but for the last digits, which the arithmetic of doubles blurs.
  return static_cast<uint64_t>(std::ceil(std::pow(10, log_weight) - 1e-9));
}

uint64_t io_weight_of_blkio_weight(uint16_t weight, const std::string& origin) {
  if (weight < 10 || weight > 1000) {
    throw Error(origin + ": " + to_string(weight) + ": must be from 10 to 1000");
  }
  return 1 + (uint64_t{weight} - 10) * 9999 / 990;
}

Settings memory_settings_v2(const oci::MemoryResources& memory, const MemoryBefore& before) {
  refuse_v1_memory_fields(memory);
  check_usage(memory, before);
  SettingList list("memory/");
  if (const std::string swap = swap_alone(memory, before); !swap.empty()) {
    Setting& setting = list.add("memory.swap.max", swap, "swap");
    // Without swap accounting there is nothing to lift, and no swap to forbid.
    if (swap == "max" || swap == "0") setting.absence = Setting::Absence::fine;
  }
  if (is_set(memory.limit)) list.add("memory.max", number_or_max(*memory.limit), "limit");
  if (is_set(memory.reservation)) {
    list.add("memory.low", to_string(std::max<int64_t>(*memory.reservation, 0)), "reservation");
  }
  return list.take();
}

Settings cpu_settings_v2(const oci::CpuResources& cpu, const std::string& quota_before) {
  if (is_set(cpu.realtime_period)) throw_no_counterpart("cpu/realtimePeriod");
  if (is_set(cpu.realtime_runtime)) throw_no_counterpart("cpu/realtimeRuntime");
  SettingList list("cpu/");
  const bool has_quota = is_set(cpu.quota);
  if (has_quota || is_set(cpu.period)) {
    const std::string quota = has_quota ? number_or_max(*cpu.quota) : quota_before;
    list.add("cpu.max", is_set(cpu.period) ? quota + " " + to_string(*cpu.period) : quota,
             has_quota ? "quota" : "period", "both at least 1000, the period at most 1000000");
  }
  if (cpu.burst) {
    Setting& setting =
        list.add("cpu.max.burst", to_string(*cpu.burst), "burst", "not more than the quota");
    if (*cpu.burst == 0) setting.absence = Setting::Absence::fine;
  }
  if (is_set(cpu.shares)) {
    list.add("cpu.weight", to_string(cpu_weight_of_shares(*cpu.shares)), "shares",
             "an idle group has none");
  }
  if (cpu.idle) {
    Setting& setting = list.add("cpu.idle", to_string(*cpu.idle), "idle", "0 or 1");
    if (*cpu.idle == 0) setting.absence = Setting::Absence::fine;
  }
  return list.take();
}

Settings io_settings_v2(const oci::BlockIoResources& io, IoScheduler scheduler) {
  if (is_set(io.leaf_weight)) throw_no_counterpart("blockIO/leafWeight");
  const bool bfq = scheduler == IoScheduler::bfq;
  const char* weight_file = bfq ? "io.bfq.weight" : "io.weight";
  const auto weight_of = [bfq](uint16_t weight, const char* origin) {
    return to_string(bfq ? weight : io_weight_of_blkio_weight(weight, origin));
  };
  SettingList list("blockIO/");
  if (is_set(io.weight)) {
    list.add(weight_file, weight_of(*io.weight, "/linux/resources/blockIO/weight"), "weight");
  }
  for (const oci::WeightDevice& device : io.weight_device) {
    if (is_set(device.leaf_weight)) throw_no_counterpart("blockIO/weightDevice/leafWeight");
    if (!is_set(device.weight)) continue;
    list.add(weight_file,
             device_name(device.major, device.minor) +
                 weight_of(*device.weight, "/linux/resources/blockIO/weightDevice"),
             "weightDevice", "no such disk");
  }
  add_throttles(list, io.throttle_read_bps_device, "rbps", "throttleReadBpsDevice");
  add_throttles(list, io.throttle_write_bps_device, "wbps", "throttleWriteBpsDevice");
  add_throttles(list, io.throttle_read_iops_device, "riops", "throttleReadIOPSDevice");
  add_throttles(list, io.throttle_write_iops_device, "wiops", "throttleWriteIOPSDevice");
  return list.take();
}

Settings hugetlb_settings_v2(const std::vector<oci::HugepageLimit>& limits) {
  Settings settings;
  for (size_t i = 0; i < limits.size(); ++i) {
    const std::string origin = "/linux/resources/hugepageLimits/" + to_string(i);
    const std::string prefix = "hugetlb." + checked_page_size(limits[i], origin);
    settings.push_back({.file = prefix + ".max",
                        .value = to_string(limits[i].limit),
                        .origin = origin,
                        .hint = "this host has no huge pages of that size"});
    settings.push_back({.file = prefix + ".rsvd.max",
                        .value = to_string(limits[i].limit),
                        .origin = origin,
                        .absence = Setting::Absence::fine});
  }
  return settings;
}

std::string controller_of_file(const std::string& file) {
  return file.substr(0, file.find('.'));
}

Settings unified_settings(const oci::StringMap& unified) {
  Settings settings;
  for (const auto& [file, content] : unified) {
    const std::string origin = "/linux/resources/unified/" + file;
    if (file.find('/') != std::string::npos || file.find('.') == std::string::npos ||
        file.front() == '.') {
      throw Error(origin + ": must be the name of a control file, such as memory.high");
    }
    for (const std::string_view line : split(trim(content), '\n')) {
      settings.push_back({.file = file, .value = std::string(line), .origin = origin});
    }
  }
  return settings;
}

}  // namespace gocker
