#include "runtime/cgroup/resources.h"

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/controllers.h"
#include "runtime/cgroup/resources_v1.h"
#include "runtime/cgroup/resources_v2.h"

namespace gocker {
namespace {

// The v1 settings serve as the question whether anything is asked for, on every host.
void apply_memory(const CgroupPaths& paths, const oci::MemoryResources& memory) {
  const Settings asked = memory_settings_v1(memory);
  if (asked.empty()) return;
  if (const auto group = open_v1_group(paths, "memory")) return write_settings(*group, asked);
  const auto group = open_unified_group(paths, "memory", asked.front().origin);
  MemoryBefore before;
  if (memory.check_before_update.value_or(false)) {
    before.usage = parse_u64(trim(group.read("memory.current"))).value_or(0);
  }
  if (memory.swap && !memory.limit) before.limit = parse_u64(trim(group.read("memory.max")));
  write_settings(group, memory_settings_v2(memory, before));
}

void apply_cpu(const CgroupPaths& paths, const oci::CpuResources& cpu) {
  const Settings asked = cpu_settings_v1(cpu);
  if (asked.empty()) return;
  if (const auto group = open_v1_group(paths, "cpu")) return write_settings(*group, asked);
  const auto group = open_unified_group(paths, "cpu", asked.front().origin);
  const std::string quota = group.read_if_exists("cpu.max").value_or("max");
  write_settings(group, cpu_settings_v2(cpu, quota.substr(0, quota.find(' '))));
}

void apply_io(const CgroupPaths& paths, const oci::BlockIoResources& io) {
  const Settings asked = io_settings_v1(io, IoScheduler::plain);
  if (asked.empty()) return;
  const auto scheduler = [](const GroupDirectory& group, const char* bfq_file) {
    return group.has(bfq_file) ? IoScheduler::bfq : IoScheduler::plain;
  };
  if (const auto group = open_v1_group(paths, "blkio")) {
    return write_settings(*group, io_settings_v1(io, scheduler(*group, "blkio.bfq.weight")));
  }
  const auto group = open_unified_group(paths, "io", asked.front().origin);
  write_settings(group, io_settings_v2(io, scheduler(group, "io.bfq.weight")));
}

void apply_hugetlb(const CgroupPaths& paths, const std::vector<oci::HugepageLimit>& limits) {
  const Settings asked = hugetlb_settings_v1(limits);
  if (asked.empty()) return;
  if (const auto group = open_v1_group(paths, "hugetlb")) return write_settings(*group, asked);
  write_settings(open_unified_group(paths, "hugetlb", asked.front().origin),
                 hugetlb_settings_v2(limits));
}

// Settings whose files are the same in both versions.
void apply_common(const CgroupPaths& paths, const std::string& controller,
                  const Settings& settings) {
  if (settings.empty()) return;
  if (const auto group = open_v1_group(paths, controller)) return write_settings(*group, settings);
  write_settings(open_unified_group(paths, controller, settings.front().origin), settings);
}

void apply_v1_only(const CgroupPaths& paths, const std::string& controller,
                   const Settings& settings) {
  if (settings.empty()) return;
  const auto group = open_v1_group(paths, controller);
  if (!group) {
    throw Error(settings.front().origin + ": " + no_controller(controller) +
                " (cgroup v2 has none)");
  }
  write_settings(*group, settings);
}

void apply_unified(const CgroupPaths& paths, const oci::StringMap& unified) {
  if (unified.empty()) return;
  const CgroupPaths::Hierarchy* hierarchy = paths.find("");
  if (hierarchy == nullptr) throw Error("/linux/resources/unified: no cgroup v2 on this host");
  for (const Setting& setting : unified_settings(unified)) {
    const std::string controller = controller_of_file(setting.file);
    // Some files are there without their controller: cgroup.max.depth, cpu.stat, io.pressure.
    if (GroupDirectory group = GroupDirectory::open(hierarchy->directory);
        group.has(setting.file)) {
      write_settings(group, {setting});
    } else {
      write_settings(open_unified_group(paths, controller, setting.origin), {setting});
    }
  }
}

}  // namespace

void apply_limits(const CgroupPaths& paths, const oci::Resources& resources) {
  if (resources.memory) apply_memory(paths, *resources.memory);
  if (resources.cpu) {
    apply_cpu(paths, *resources.cpu);
    apply_common(paths, "cpuset", cpuset_settings(*resources.cpu));
  }
  if (resources.pids_limit) apply_common(paths, "pids", pids_settings(*resources.pids_limit));
  if (resources.block_io) apply_io(paths, *resources.block_io);
  apply_hugetlb(paths, resources.hugepage_limits);
  if (resources.network) {
    apply_v1_only(paths, "net_cls", network_class_settings(*resources.network));
    apply_v1_only(paths, "net_prio", network_priority_settings(*resources.network));
  }
  apply_common(paths, "rdma", rdma_settings(resources.rdma));
  apply_unified(paths, resources.unified);
}

}  // namespace gocker
