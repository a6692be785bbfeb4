// Reading of config.json's "linux.resources", which `update --resources` takes on its own.
#include "oci-spec/runtime_spec_fields.h"

namespace oci {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
constexpr Between<int64_t> kBytesOrUnlimited{-1, kLargest};

// A device number of a rule: absent means every one, as does the -1 that Docker writes.
void read_rule_number(const Fields& fields, std::string_view name, std::optional<uint32_t>& out) {
  std::optional<int64_t> number;
  fields.optional(name, number, Between<int64_t>{-1, 0xFFFFFFFF});
  if (number && *number >= 0) out = static_cast<uint32_t>(*number);
}

void read_device_rule(const Fields& fields, DeviceRule& rule) {
  fields.required("allow", rule.allow);
  std::string type;
  fields.optional("type", type);
  if (!type.empty()) rule.type = type.front();
  if (type.size() > 1 || (rule.type != 'a' && rule.type != 'b' && rule.type != 'c')) {
    fields.refuse("type", "must be one of a, b, c, not " + quote(type));
  }
  read_rule_number(fields, "major", rule.major);
  read_rule_number(fields, "minor", rule.minor);
  fields.optional("access", rule.access);
  if (rule.access.find_first_not_of("rwm") != std::string::npos) {
    fields.refuse("access", "must be made of the letters r, w and m, not " + quote(rule.access));
  }
}

void read_memory(const Fields& fields, MemoryResources& memory) {
  fields.optional("limit", memory.limit, kBytesOrUnlimited);
  fields.optional("reservation", memory.reservation, kBytesOrUnlimited);
  fields.optional("swap", memory.swap, kBytesOrUnlimited);
  fields.optional("kernel", memory.kernel, kBytesOrUnlimited);
  fields.optional("kernelTCP", memory.kernel_tcp, kBytesOrUnlimited);
  fields.optional("swappiness", memory.swappiness);
  // -1 as an unsigned number is how older engines write "unset".
  if (memory.swappiness == std::numeric_limits<uint64_t>::max()) memory.swappiness.reset();
  if (memory.swappiness > 100u) {
    fields.refuse("swappiness",
                  "must be an integer from 0 to 100, not " + std::to_string(*memory.swappiness));
  }
  fields.optional("disableOOMKiller", memory.disable_oom_killer);
  fields.optional("useHierarchy", memory.use_hierarchy);
  fields.optional("checkBeforeUpdate", memory.check_before_update);
}

void read_cpu(const Fields& fields, CpuResources& cpu) {
  fields.optional("shares", cpu.shares);
  fields.optional("quota", cpu.quota);
  fields.optional("burst", cpu.burst);
  fields.optional("period", cpu.period);
  fields.optional("realtimeRuntime", cpu.realtime_runtime);
  fields.optional("realtimePeriod", cpu.realtime_period);
  fields.optional("cpus", cpu.cpus);
  fields.optional("mems", cpu.mems);
  fields.optional("idle", cpu.idle);
}

void read_weight_device(const Fields& fields, WeightDevice& device) {
  fields.required("major", device.major);
  fields.required("minor", device.minor);
  fields.optional("weight", device.weight);
  fields.optional("leafWeight", device.leaf_weight);
  if (!device.weight && !device.leaf_weight) {
    fields.place().refuse("must have a weight, a leafWeight or both");
  }
}

void read_throttle_device(const Fields& fields, ThrottleDevice& device) {
  fields.required("major", device.major);
  fields.required("minor", device.minor);
  fields.required("rate", device.rate);
}

void read_block_io(const Fields& fields, BlockIoResources& block_io) {
  fields.optional("weight", block_io.weight);
  fields.optional("leafWeight", block_io.leaf_weight);
  fields.optional("weightDevice", block_io.weight_device, read_weight_device);
  fields.optional("throttleReadBpsDevice", block_io.throttle_read_bps_device, read_throttle_device);
  fields.optional("throttleWriteBpsDevice", block_io.throttle_write_bps_device,
                  read_throttle_device);
  fields.optional("throttleReadIOPSDevice", block_io.throttle_read_iops_device,
                  read_throttle_device);
  fields.optional("throttleWriteIOPSDevice", block_io.throttle_write_iops_device,
                  read_throttle_device);
}

// "2MB": a number without a leading zero, a unit prefix and a B.
bool is_page_size(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || text.front() == '0') return false;
  const std::string_view unit = text.substr(digits);
  return unit == "KB" || unit == "MB" || unit == "GB";
}

void read_hugepage_limit(const Fields& fields, HugepageLimit& limit) {
  fields.required("pageSize", limit.page_size);
  // It becomes part of a file's name.
  if (!is_page_size(limit.page_size)) {
    fields.refuse("pageSize",
                  "must be a size such as 64KB, 2MB or 1GB, not " + quote(limit.page_size));
  }
  fields.required("limit", limit.limit);
}

void read_interface_priority(const Fields& fields, InterfacePriority& priority) {
  fields.required("name", priority.name);
  fields.required("priority", priority.priority);
}

void read_network(const Fields& fields, NetworkResources& network) {
  fields.optional("classID", network.class_id);
  fields.optional("priorities", network.priorities, read_interface_priority);
}

void read_rdma(const Fields& fields, RdmaResources& rdma) {
  fields.optional("hcaHandles", rdma.hca_handles);
  fields.optional("hcaObjects", rdma.hca_objects);
  if (!rdma.hca_handles && !rdma.hca_objects) {
    fields.place().refuse("must have hcaHandles, hcaObjects or both");
  }
}

struct Pids {
  std::optional<int64_t> limit;
};

void read_pids(const Fields& fields, Pids& pids) {
  fields.optional("limit", pids.limit);
}

// The names are files of the container's cgroup directory and must not lead elsewhere.
void check_unified(const Fields& fields, const StringMap& unified) {
  for (const auto& [file, content] : unified) {
    const bool dots = file == "." || file == "..";
    if (file.empty() || dots || file.find('/') != std::string::npos) {
      fields.refuse("unified", quote(file) + " is no name of a cgroup file");
    }
  }
}

}  // namespace

void read_resources(const Fields& fields, Resources& resources) {
  fields.optional("devices", resources.devices, read_device_rule);
  fields.optional("memory", resources.memory, read_memory);
  fields.optional("cpu", resources.cpu, read_cpu);
  Pids pids;
  fields.optional("pids", pids, read_pids);
  resources.pids_limit = pids.limit;
  fields.optional("blockIO", resources.block_io, read_block_io);
  fields.optional("hugepageLimits", resources.hugepage_limits, read_hugepage_limit);
  fields.optional("network", resources.network, read_network);
  fields.optional("rdma", resources.rdma, read_rdma);
  fields.optional("unified", resources.unified);
  check_unified(fields, resources.unified);
}

}  // namespace oci
