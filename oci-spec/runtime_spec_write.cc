// Writing of config.json. The order of the fields is the one that people know from other runtimes.
#include <nlohmann/json.hpp>

#include "oci-spec/json_text.h"
#include "oci-spec/runtime_spec.h"

namespace oci {
namespace {

using Json = OrderedJson;

// A struct that may be absent. One that is there but empty stays, as {}.
template <class T, class Writer>
void put_struct(Json& object, const char* name, const std::optional<T>& value, Writer write) {
  if (value) object[name] = write(*value);
}

template <class T>
void put_unless_zero(Json& object, const char* name, T value) {
  if (value != T{}) object[name] = value;
}

Json id_mapping_json(const IdMapping& mapping) {
  return {
      {"containerID", mapping.container_id}, {"hostID", mapping.host_id}, {"size", mapping.size}};
}

// --- process -----------------------------------------------------------------------------------

Json user_json(const User& user) {
  Json json = {{"uid", user.uid}, {"gid", user.gid}};
  put(json, "umask", user.umask);
  put_json(json, "additionalGids", user.additional_gids);
  return json;
}

Json capabilities_json(const Capabilities& capabilities) {
  Json json = Json::object();
  put(json, "bounding", capabilities.bounding);
  put(json, "effective", capabilities.effective);
  put(json, "inheritable", capabilities.inheritable);
  put(json, "permitted", capabilities.permitted);
  put(json, "ambient", capabilities.ambient);
  return json;
}

Json rlimit_json(const Rlimit& rlimit) {
  return {{"type", rlimit.type}, {"hard", rlimit.hard}, {"soft", rlimit.soft}};
}

Json scheduler_json(const Scheduler& scheduler) {
  Json json = {{"policy", scheduler.policy}};
  put_unless_zero(json, "nice", scheduler.nice);
  put_unless_zero(json, "priority", scheduler.priority);
  put(json, "flags", scheduler.flags);
  put_unless_zero(json, "runtime", scheduler.runtime);
  put_unless_zero(json, "deadline", scheduler.deadline);
  put_unless_zero(json, "period", scheduler.period);
  return json;
}

Json io_priority_json(const IoPriority& io_priority) {
  return {{"class", io_priority.io_class}, {"priority", io_priority.priority}};
}

Json cpu_affinity_json(const CpuAffinity& affinity) {
  Json json = Json::object();
  put(json, "initial", affinity.initial);
  put(json, "final", affinity.final);
  return json;
}

Json process_json(const Process& process) {
  Json json = Json::object();
  put_unless_zero(json, "terminal", process.terminal);
  if (process.terminal && process.console_size) {
    json["consoleSize"] = {{"height", process.console_size->height},
                           {"width", process.console_size->width}};
  }
  json["user"] = user_json(process.user);
  put(json, "args", process.args);
  put(json, "env", process.env);
  json["cwd"] = process.cwd;
  put_struct(json, "capabilities", process.capabilities, capabilities_json);
  put_json(json, "rlimits", list_of(process.rlimits, rlimit_json));
  put_unless_zero(json, "noNewPrivileges", process.no_new_privileges);
  put(json, "apparmorProfile", process.apparmor_profile);
  put(json, "oomScoreAdj", process.oom_score_adj);
  put_struct(json, "scheduler", process.scheduler, scheduler_json);
  put(json, "selinuxLabel", process.selinux_label);
  put_struct(json, "ioPriority", process.io_priority, io_priority_json);
  put_struct(json, "execCPUAffinity", process.exec_cpu_affinity, cpu_affinity_json);
  return json;
}

// --- root, mounts, hooks -----------------------------------------------------------------------

Json root_json(const Root& root) {
  Json json = {{"path", root.path}};
  put_unless_zero(json, "readonly", root.readonly);
  return json;
}

Json mount_json(const Mount& mount) {
  Json json = {{"destination", mount.destination}};
  put(json, "type", mount.type);
  put(json, "source", mount.source);
  put(json, "options", mount.options);
  put_json(json, "uidMappings", list_of(mount.uid_mappings, id_mapping_json));
  put_json(json, "gidMappings", list_of(mount.gid_mappings, id_mapping_json));
  return json;
}

Json hook_json(const Hook& hook) {
  Json json = {{"path", hook.path}};
  put(json, "args", hook.args);
  put(json, "env", hook.env);
  put(json, "timeout", hook.timeout);
  return json;
}

Json hooks_json(const Hooks& hooks) {
  Json json = Json::object();
  put_json(json, "prestart", list_of(hooks.prestart, hook_json));
  put_json(json, "createRuntime", list_of(hooks.create_runtime, hook_json));
  put_json(json, "createContainer", list_of(hooks.create_container, hook_json));
  put_json(json, "startContainer", list_of(hooks.start_container, hook_json));
  put_json(json, "poststart", list_of(hooks.poststart, hook_json));
  put_json(json, "poststop", list_of(hooks.poststop, hook_json));
  return json;
}

// --- linux: resources --------------------------------------------------------------------------

Json device_rule_json(const DeviceRule& rule) {
  Json json = {{"allow", rule.allow}};
  if (rule.type != 'a') json["type"] = std::string(1, rule.type);
  put(json, "major", rule.major);
  put(json, "minor", rule.minor);
  put(json, "access", rule.access);
  return json;
}

Json memory_json(const MemoryResources& memory) {
  Json json = Json::object();
  put(json, "limit", memory.limit);
  put(json, "reservation", memory.reservation);
  put(json, "swap", memory.swap);
  put(json, "kernel", memory.kernel);
  put(json, "kernelTCP", memory.kernel_tcp);
  put(json, "swappiness", memory.swappiness);
  put(json, "disableOOMKiller", memory.disable_oom_killer);
  put(json, "useHierarchy", memory.use_hierarchy);
  put(json, "checkBeforeUpdate", memory.check_before_update);
  return json;
}

Json cpu_json(const CpuResources& cpu) {
  Json json = Json::object();
  put(json, "shares", cpu.shares);
  put(json, "quota", cpu.quota);
  put(json, "burst", cpu.burst);
  put(json, "period", cpu.period);
  put(json, "realtimeRuntime", cpu.realtime_runtime);
  put(json, "realtimePeriod", cpu.realtime_period);
  put(json, "cpus", cpu.cpus);
  put(json, "mems", cpu.mems);
  put(json, "idle", cpu.idle);
  return json;
}

Json weight_device_json(const WeightDevice& device) {
  Json json = {{"major", device.major}, {"minor", device.minor}};
  put(json, "weight", device.weight);
  put(json, "leafWeight", device.leaf_weight);
  return json;
}

Json throttle_device_json(const ThrottleDevice& device) {
  return {{"major", device.major}, {"minor", device.minor}, {"rate", device.rate}};
}

Json block_io_json(const BlockIoResources& block_io) {
  Json json = Json::object();
  put(json, "weight", block_io.weight);
  put(json, "leafWeight", block_io.leaf_weight);
  put_json(json, "weightDevice", list_of(block_io.weight_device, weight_device_json));
  put_json(json, "throttleReadBpsDevice",
           list_of(block_io.throttle_read_bps_device, throttle_device_json));
  put_json(json, "throttleWriteBpsDevice",
           list_of(block_io.throttle_write_bps_device, throttle_device_json));
  put_json(json, "throttleReadIOPSDevice",
           list_of(block_io.throttle_read_iops_device, throttle_device_json));
  put_json(json, "throttleWriteIOPSDevice",
           list_of(block_io.throttle_write_iops_device, throttle_device_json));
  return json;
}

Json hugepage_limit_json(const HugepageLimit& limit) {
  return {{"pageSize", limit.page_size}, {"limit", limit.limit}};
}

Json interface_priority_json(const InterfacePriority& priority) {
  return {{"name", priority.name}, {"priority", priority.priority}};
}

Json network_json(const NetworkResources& network) {
  Json json = Json::object();
  put(json, "classID", network.class_id);
  put_json(json, "priorities", list_of(network.priorities, interface_priority_json));
  return json;
}

Json rdma_json(const std::map<std::string, RdmaResources>& rdma) {
  Json json = Json::object();
  for (const auto& [device, limits] : rdma) {
    Json entry = Json::object();
    put(entry, "hcaHandles", limits.hca_handles);
    put(entry, "hcaObjects", limits.hca_objects);
    json[device] = std::move(entry);
  }
  return json;
}

Json resources_json(const Resources& resources) {
  Json json = Json::object();
  put_json(json, "devices", list_of(resources.devices, device_rule_json));
  put_struct(json, "memory", resources.memory, memory_json);
  put_struct(json, "cpu", resources.cpu, cpu_json);
  if (resources.pids_limit) json["pids"] = {{"limit", *resources.pids_limit}};
  put_struct(json, "blockIO", resources.block_io, block_io_json);
  put_json(json, "hugepageLimits", list_of(resources.hugepage_limits, hugepage_limit_json));
  put_struct(json, "network", resources.network, network_json);
  put_json(json, "rdma", rdma_json(resources.rdma));
  put(json, "unified", resources.unified);
  return json;
}

// --- linux: seccomp ----------------------------------------------------------------------------

Json seccomp_arg_json(const SeccompArg& arg) {
  Json json = {{"index", arg.index}, {"value", arg.value}};
  put_unless_zero(json, "valueTwo", arg.value_two);
  json["op"] = name_of(arg.op);
  return json;
}

Json seccomp_syscall_json(const SeccompSyscall& rule) {
  Json json = {{"names", rule.names}, {"action", name_of(rule.action)}};
  put(json, "errnoRet", rule.errno_ret);
  put_json(json, "args", list_of(rule.args, seccomp_arg_json));
  return json;
}

Json seccomp_json(const Seccomp& seccomp) {
  Json json = {{"defaultAction", name_of(seccomp.default_action)}};
  put(json, "defaultErrnoRet", seccomp.default_errno_ret);
  put(json, "architectures", seccomp.architectures);
  put(json, "flags", seccomp.flags);
  put(json, "listenerPath", seccomp.listener_path);
  put(json, "listenerMetadata", seccomp.listener_metadata);
  put_json(json, "syscalls", list_of(seccomp.syscalls, seccomp_syscall_json));
  return json;
}

// --- linux: the rest ---------------------------------------------------------------------------

Json namespace_json(const Namespace& space) {
  Json json = {{"type", name_of(space.type)}};
  put(json, "path", space.path);
  return json;
}

Json device_json(const Device& device) {
  Json json = {{"path", device.path}, {"type", std::string(1, device.type)}};
  if (device.type != 'p') {
    json["major"] = device.major;
    json["minor"] = device.minor;
  }
  put(json, "fileMode", device.file_mode);
  put(json, "uid", device.uid);
  put(json, "gid", device.gid);
  return json;
}

Json net_devices_json(const std::map<std::string, NetDevice>& devices) {
  Json json = Json::object();
  for (const auto& [host_name, device] : devices) {
    Json entry = Json::object();
    put(entry, "name", device.name);
    json[host_name] = std::move(entry);
  }
  return json;
}

Json intel_rdt_json(const IntelRdt& rdt) {
  Json json = Json::object();
  put(json, "closID", rdt.clos_id);
  put(json, "schemata", rdt.schemata);
  put(json, "l3CacheSchema", rdt.l3_cache_schema);
  put(json, "memBwSchema", rdt.mem_bw_schema);
  put_unless_zero(json, "enableMonitoring", rdt.enable_monitoring);
  return json;
}

Json memory_policy_json(const MemoryPolicy& policy) {
  Json json = {{"mode", policy.mode}};
  put(json, "nodes", policy.nodes);
  put(json, "flags", policy.flags);
  return json;
}

Json personality_json(const Personality& personality) {
  Json json = {{"domain", personality.domain}};
  put(json, "flags", personality.flags);
  return json;
}

Json time_offsets_json(const std::map<std::string, TimeOffset>& offsets) {
  Json json = Json::object();
  for (const auto& [clock, offset] : offsets) {
    json[clock] = {{"secs", offset.secs}, {"nanosecs", offset.nanosecs}};
  }
  return json;
}

Json linux_json(const Linux& linux) {
  Json json = Json::object();
  put_json(json, "uidMappings", list_of(linux.uid_mappings, id_mapping_json));
  put_json(json, "gidMappings", list_of(linux.gid_mappings, id_mapping_json));
  put(json, "sysctl", linux.sysctl);
  put_struct(json, "resources", linux.resources, resources_json);
  put(json, "cgroupsPath", linux.cgroups_path);
  put_json(json, "namespaces", list_of(linux.namespaces, namespace_json));
  put_json(json, "devices", list_of(linux.devices, device_json));
  put_json(json, "netDevices", net_devices_json(linux.net_devices));
  put_struct(json, "seccomp", linux.seccomp, seccomp_json);
  put(json, "rootfsPropagation", linux.rootfs_propagation);
  put(json, "maskedPaths", linux.masked_paths);
  put(json, "readonlyPaths", linux.readonly_paths);
  put(json, "mountLabel", linux.mount_label);
  put_struct(json, "intelRdt", linux.intel_rdt, intel_rdt_json);
  put_struct(json, "memoryPolicy", linux.memory_policy, memory_policy_json);
  put_struct(json, "personality", linux.personality, personality_json);
  put_json(json, "timeOffsets", time_offsets_json(linux.time_offsets));
  return json;
}

Json spec_json(const Spec& spec) {
  Json json = {{"ociVersion", spec.oci_version}};
  put_struct(json, "process", spec.process, process_json);
  put_struct(json, "root", spec.root, root_json);
  put(json, "hostname", spec.hostname);
  put(json, "domainname", spec.domainname);
  put_json(json, "mounts", list_of(spec.mounts, mount_json));
  put_json(json, "hooks", hooks_json(spec.hooks));
  put(json, "annotations", spec.annotations);
  put_json(json, "linux", linux_json(spec.linux_));
  return json;
}

}  // namespace

std::string to_json(const Spec& spec) {
  return document_text(spec_json(spec), Layout::tabs, "config.json");
}

std::string to_json(const Process& process) {
  return document_text(process_json(process), Layout::tabs, "process");
}

}  // namespace oci
