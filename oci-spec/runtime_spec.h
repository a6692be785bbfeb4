// The OCI runtime specification 1.3 for Linux as plain structs: the only model of config.json that
// gocker has. Names are those of the specification in snake_case; an absent field is an empty
// string, an empty list or an empty optional. Reading checks types, ranges and the names of the
// enumerations below (oci::SpecError names the file and the JSON path); names that stay strings and
// rules that join several fields are checked by validate.h. Sections: config.md, config-linux.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oci-spec/findings.h"

namespace oci {

// The version of the specification that is implemented.
inline constexpr std::string_view kVersion = "1.3.0";

using StringMap = std::map<std::string, std::string>;

struct IdMapping {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

// --- process -----------------------------------------------------------------------------------

struct Box {  // a terminal's size in characters; 16 bits is what the kernel keeps
  uint16_t height = 0;
  uint16_t width = 0;
};

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<uint32_t> umask;
  std::vector<uint32_t> additional_gids;
};

struct Capabilities {  // names as in capabilities(7): CAP_CHOWN
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> inheritable;
  std::vector<std::string> permitted;
  std::vector<std::string> ambient;
};

struct Rlimit {
  std::string type;  // RLIMIT_NOFILE
  uint64_t soft = 0;
  uint64_t hard = 0;
};

struct Scheduler {
  std::string policy;  // SCHED_OTHER
  int32_t nice = 0;
  int32_t priority = 0;
  std::vector<std::string> flags;  // SCHED_FLAG_RESET_ON_FORK
  uint64_t runtime = 0;            // nanoseconds, as are the next two: SCHED_DEADLINE only
  uint64_t deadline = 0;
  uint64_t period = 0;
};

struct IoPriority {
  std::string io_class;  // JSON "class": IOPRIO_CLASS_BE
  int32_t priority = 0;
};

struct CpuAffinity {  // lists such as "0-3,7"
  std::string initial;
  std::string final;
};

struct Process {
  bool terminal = false;
  std::optional<Box> console_size;  // never without a terminal
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;
  std::optional<int32_t> oom_score_adj;
  std::optional<Scheduler> scheduler;
  std::string selinux_label;
  std::optional<IoPriority> io_priority;
  std::optional<CpuAffinity> exec_cpu_affinity;
};

// --- root, mounts, hooks -----------------------------------------------------------------------

struct Root {
  std::string path;  // relative to the bundle, or absolute
  bool readonly = false;
};

struct Mount {
  std::string destination;  // absolute: config.md takes a relative one as relative to "/"
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
};

struct Hook {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<uint32_t> timeout;  // seconds, more than 0
};

struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> create_runtime;
  std::vector<Hook> create_container;
  std::vector<Hook> start_container;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;

  bool are_none() const {
    return prestart.empty() && create_runtime.empty() && create_container.empty() &&
           start_container.empty() && poststart.empty() && poststop.empty();
  }
};

// --- linux: resources --------------------------------------------------------------------------

struct DeviceRule {  // resources.devices; absent numbers mean "all"
  bool allow = false;
  char type = 'a';  // a, b or c
  std::optional<uint32_t> major;
  std::optional<uint32_t> minor;
  std::string access;  // letters of "rwm"; empty means all three
};

struct MemoryResources {  // bytes; -1 means unlimited
  std::optional<int64_t> limit;
  std::optional<int64_t> reservation;
  std::optional<int64_t> swap;
  std::optional<int64_t> kernel;
  std::optional<int64_t> kernel_tcp;
  std::optional<uint64_t> swappiness;
  std::optional<bool> disable_oom_killer;
  std::optional<bool> use_hierarchy;
  std::optional<bool> check_before_update;
};

struct CpuResources {  // times in microseconds
  std::optional<uint64_t> shares;
  std::optional<int64_t> quota;
  std::optional<uint64_t> burst;
  std::optional<uint64_t> period;
  std::optional<int64_t> realtime_runtime;
  std::optional<uint64_t> realtime_period;
  std::string cpus;
  std::string mems;
  std::optional<int64_t> idle;
};

struct WeightDevice {
  uint32_t major = 0;
  uint32_t minor = 0;
  std::optional<uint16_t> weight;
  std::optional<uint16_t> leaf_weight;
};

struct ThrottleDevice {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint64_t rate = 0;
};

struct BlockIoResources {
  std::optional<uint16_t> weight;
  std::optional<uint16_t> leaf_weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> throttle_read_bps_device;
  std::vector<ThrottleDevice> throttle_write_bps_device;
  std::vector<ThrottleDevice> throttle_read_iops_device;
  std::vector<ThrottleDevice> throttle_write_iops_device;
};

struct HugepageLimit {
  std::string page_size;  // "2MB"
  uint64_t limit = 0;     // bytes
};

struct InterfacePriority {
  std::string name;
  uint32_t priority = 0;
};

struct NetworkResources {
  std::optional<uint32_t> class_id;
  std::vector<InterfacePriority> priorities;
};

struct RdmaResources {
  std::optional<uint32_t> hca_handles;
  std::optional<uint32_t> hca_objects;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<MemoryResources> memory;
  std::optional<CpuResources> cpu;
  std::optional<int64_t> pids_limit;  // JSON pids.limit; less than 0 means unlimited
  std::optional<BlockIoResources> block_io;
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<NetworkResources> network;
  std::map<std::string, RdmaResources> rdma;
  StringMap unified;  // file name of cgroup v2 -> content
};

// --- linux: seccomp ----------------------------------------------------------------------------

enum class SeccompAction {
  kill,
  kill_process,
  kill_thread,
  trap,
  error,
  trace,
  allow,
  log,
  notify
};
enum class SeccompOperator { ne, lt, le, eq, ge, gt, masked_eq };

struct SeccompArg {
  uint32_t index = 0;  // 0 to 5
  uint64_t value = 0;
  uint64_t value_two = 0;
  SeccompOperator op = SeccompOperator::eq;
};

struct SeccompSyscall {
  std::vector<std::string> names;
  SeccompAction action = SeccompAction::allow;
  std::optional<uint32_t> errno_ret;
  std::vector<SeccompArg> args;
};

struct Seccomp {
  SeccompAction default_action = SeccompAction::allow;
  std::optional<uint32_t> default_errno_ret;
  std::vector<std::string> architectures;  // SCMP_ARCH_X86_64
  std::vector<std::string> flags;          // SECCOMP_FILTER_FLAG_LOG
  std::string listener_path;
  std::string listener_metadata;
  std::vector<SeccompSyscall> syscalls;
};

// --- linux: the rest ---------------------------------------------------------------------------

enum class NamespaceType { pid, network, mount, ipc, uts, user, cgroup, time };

struct Namespace {
  NamespaceType type = NamespaceType::pid;
  std::string path;  // empty: a new one
};

struct Device {
  std::string path;
  char type = 'c';  // b, c, u or p
  uint32_t major = 0;
  uint32_t minor = 0;
  std::optional<uint32_t> file_mode;  // permission bits only: at most 07777
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
};

struct NetDevice {
  std::string name;  // its name inside the container; empty: the same
};

struct IntelRdt {
  std::string clos_id;
  std::optional<std::vector<std::string>> schemata;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  bool enable_monitoring = false;
};

struct MemoryPolicy {
  std::string mode;  // MPOL_BIND
  std::string nodes;
  std::vector<std::string> flags;
};

struct Personality {
  std::string domain;  // LINUX or LINUX32
  std::vector<std::string> flags;
};

struct TimeOffset {
  int64_t secs = 0;
  uint32_t nanosecs = 0;
};

struct Linux {
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  StringMap sysctl;
  std::optional<Resources> resources;
  std::string cgroups_path;
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  std::map<std::string, NetDevice> net_devices;
  std::optional<Seccomp> seccomp;
  std::string rootfs_propagation;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string mount_label;
  std::optional<IntelRdt> intel_rdt;
  std::optional<MemoryPolicy> memory_policy;
  std::optional<Personality> personality;
  std::map<std::string, TimeOffset> time_offsets;  // "boottime", "monotonic"

  // The entry for `type`, or nullptr: no such namespace is asked for.
  const Namespace* find_namespace(NamespaceType type) const;
};

struct Spec {
  std::string oci_version;
  std::optional<Process> process;
  std::optional<Root> root;
  std::string hostname;
  std::string domainname;
  std::vector<Mount> mounts;
  Hooks hooks;
  StringMap annotations;
  Linux linux_;
};

// `file` is what errors name: "config.json". Unknown fields are ignored, as the specification asks;
// `findings`, where it is not null, gets them, and may get all errors instead of the first.
Spec parse_spec(std::string_view json, std::string_view file, Findings* findings = nullptr);
Process parse_process(std::string_view json, std::string_view file);      // exec --process
Resources parse_resources(std::string_view json, std::string_view file);  // update --resources
// An array of mounts, or an object whose field "mounts" is one; checked as those of a config.json.
std::vector<Mount> parse_mounts(std::string_view json, std::string_view file);  // mounts add

// JSON with tabs, as people edit it. Absent fields are left out.
std::string to_json(const Spec& spec);
std::string to_json(const Process& process);

// The config.json that `gocker-runtime spec` prints: a shell in ./rootfs under a careful default.
Spec default_spec();
// The same for somebody without root's rights: their ids as root of a user namespace, the host's
// network, and nothing that only root may mount.
Spec rootless_spec(uint32_t uid, uint32_t gid);

// "pid" for NamespaceType::pid, as config.json writes it.
std::string_view name_of(NamespaceType type);
std::string_view name_of(SeccompAction action);       // "SCMP_ACT_ERRNO"
std::string_view name_of(SeccompOperator operator_);  // "SCMP_CMP_EQ"

}  // namespace oci
