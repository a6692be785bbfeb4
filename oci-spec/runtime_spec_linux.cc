// Reading of config.json's "linux" (config-linux.md) but for its cgroup resources.
#include <array>

#include "oci-spec/runtime_spec_fields.h"

namespace oci {
namespace {

// In the order of NamespaceType.
constexpr std::array<std::string_view, 8> kNamespaceTypes = {"pid", "network", "mount",  "ipc",
                                                             "uts", "user",    "cgroup", "time"};

// In the order of SeccompAction.
constexpr std::array<std::string_view, 9> kSeccompActions = {
    "SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
    "SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",        "SCMP_ACT_TRACE",
    "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",          "SCMP_ACT_NOTIFY"};

// In the order of SeccompOperator.
constexpr std::array<std::string_view, 7> kSeccompOperators = {
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",       "SCMP_CMP_EQ",
    "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};

constexpr std::array<std::string_view, 4> kDeviceTypes = {"b", "c", "u", "p"};
enum class DeviceType { block, character, unbuffered, pipe };  // in the order of kDeviceTypes

// What fits into the kernel's 32 bits of a device number; mknod(2) cuts off the rest.
constexpr Between<uint32_t> kMajors{0, 0xFFF};
constexpr Between<uint32_t> kMinors{0, 0xFFFFF};

void read_device(const Fields& fields, Device& device) {
  fields.required("path", device.path);
  DeviceType type{};
  fields.required_one_of("type", type, kDeviceTypes);
  device.type = kDeviceTypes[static_cast<size_t>(type)].front();
  if (type != DeviceType::pipe) {
    fields.required("major", device.major, kMajors);
    fields.required("minor", device.minor, kMinors);
  }
  fields.optional("fileMode", device.file_mode);
  // Some engines pass stat's st_mode with the type of the file in it.
  if (device.file_mode) *device.file_mode &= 07777;
  fields.optional("uid", device.uid, kIds);
  fields.optional("gid", device.gid, kIds);
}

void read_net_device(const Fields& fields, NetDevice& device) {
  fields.optional("name", device.name);
}

void read_seccomp_arg(const Fields& fields, SeccompArg& arg) {
  fields.required("index", arg.index, Between{0u, 5u});
  fields.required("value", arg.value);
  fields.optional("valueTwo", arg.value_two);
  fields.required_one_of("op", arg.op, kSeccompOperators);
}

void read_seccomp_syscall(const Fields& fields, SeccompSyscall& rule) {
  fields.required("names", rule.names);
  if (rule.names.empty()) fields.refuse("names", "must have at least one entry");
  fields.required_one_of("action", rule.action, kSeccompActions);
  fields.optional("errnoRet", rule.errno_ret);
  fields.optional("args", rule.args, read_seccomp_arg);
}

void read_intel_rdt(const Fields& fields, IntelRdt& rdt) {
  fields.optional("closID", rdt.clos_id);
  fields.optional("schemata", rdt.schemata);
  fields.optional("l3CacheSchema", rdt.l3_cache_schema);
  fields.optional("memBwSchema", rdt.mem_bw_schema);
  fields.optional("enableMonitoring", rdt.enable_monitoring);
}

void read_memory_policy(const Fields& fields, MemoryPolicy& policy) {
  fields.required("mode", policy.mode);
  fields.optional("nodes", policy.nodes);
  fields.optional("flags", policy.flags);
}

void read_personality(const Fields& fields, Personality& personality) {
  fields.required("domain", personality.domain);
  fields.optional("flags", personality.flags);
}

void read_time_offset(const Fields& fields, TimeOffset& offset) {
  fields.optional("secs", offset.secs);
  fields.optional("nanosecs", offset.nanosecs, Between{0u, 999'999'999u});
}

}  // namespace

void read_namespace(const Fields& fields, Namespace& space) {
  fields.required_one_of("type", space.type, kNamespaceTypes);
  fields.optional("path", space.path);
}

void read_seccomp(const Fields& fields, Seccomp& seccomp) {
  fields.required_one_of("defaultAction", seccomp.default_action, kSeccompActions);
  fields.optional("defaultErrnoRet", seccomp.default_errno_ret);
  fields.optional("architectures", seccomp.architectures);
  fields.optional("flags", seccomp.flags);
  fields.optional("listenerPath", seccomp.listener_path);
  fields.optional("listenerMetadata", seccomp.listener_metadata);
  fields.optional("syscalls", seccomp.syscalls, read_seccomp_syscall);
}

void read_linux(const Fields& fields, Linux& linux) {
  fields.optional("uidMappings", linux.uid_mappings, read_id_mapping);
  fields.optional("gidMappings", linux.gid_mappings, read_id_mapping);
  fields.optional("sysctl", linux.sysctl);
  fields.optional("resources", linux.resources, read_resources);
  fields.optional("cgroupsPath", linux.cgroups_path);
  fields.optional("namespaces", linux.namespaces, read_namespace);
  fields.optional("devices", linux.devices, read_device);
  fields.optional("netDevices", linux.net_devices, read_net_device);
  fields.optional("seccomp", linux.seccomp, read_seccomp);
  fields.optional("rootfsPropagation", linux.rootfs_propagation);
  fields.optional("maskedPaths", linux.masked_paths);
  fields.optional("readonlyPaths", linux.readonly_paths);
  fields.optional("mountLabel", linux.mount_label);
  fields.optional("intelRdt", linux.intel_rdt, read_intel_rdt);
  fields.optional("memoryPolicy", linux.memory_policy, read_memory_policy);
  fields.optional("personality", linux.personality, read_personality);
  fields.optional("timeOffsets", linux.time_offsets, read_time_offset);
}

std::string_view name_of(NamespaceType type) {
  return kNamespaceTypes[static_cast<size_t>(type)];
}

std::string_view name_of(SeccompAction action) {
  return kSeccompActions[static_cast<size_t>(action)];
}

std::string_view name_of(SeccompOperator operator_) {
  return kSeccompOperators[static_cast<size_t>(operator_)];
}

}  // namespace oci
