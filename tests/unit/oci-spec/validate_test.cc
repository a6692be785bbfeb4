#include "oci-spec/validate.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/oci-spec/refusal.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

using Change = std::function<void(Spec&)>;

// A valid start for every case.
Spec base() {
  Spec spec = default_spec();
  spec.linux_.namespaces.push_back({NamespaceType::user, ""});
  spec.linux_.namespaces.push_back({NamespaceType::time, ""});
  spec.linux_.uid_mappings = {{0, 100000, 65536}};
  spec.linux_.gid_mappings = {{0, 200000, 65536}};
  return spec;
}

void remove_namespace(Spec& spec, NamespaceType type) {
  std::erase_if(spec.linux_.namespaces, [type](const Namespace& n) { return n.type == type; });
}

void without_user_namespace(Spec& spec) {
  remove_namespace(spec, NamespaceType::user);
  spec.linux_.uid_mappings.clear();
  spec.linux_.gid_mappings.clear();
}

Seccomp filter(SeccompAction action, std::vector<std::string> names = {"mkdir"}) {
  Seccomp seccomp;
  seccomp.syscalls = {{.names = std::move(names), .action = action}};
  return seccomp;
}

struct Case {
  std::string name;
  Change change;
  std::string error;  // behind "config.json: "; empty: the document is valid
  friend void PrintTo(const Case& shown, std::ostream* out) { *out << shown.name; }
};

class Rule : public TestWithParam<Case> {};

TEST_P(Rule, HoldsForTheWholeDocument) {
  Spec spec = base();
  GetParam().change(spec);
  const std::string expected =
      GetParam().error.empty() ? "nothing was refused" : "config.json: " + GetParam().error;
  EXPECT_EQ(refusal([&] { validate(spec, "config.json"); }), expected);
}

std::string named(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

Case version(std::string name, std::string version, std::string error) {
  return {std::move(name), [version](Spec& s) { s.oci_version = version; },
          error.empty() ? "" : "/ociVersion: " + error};
}

std::string not_a_version(const std::string& text) {
  return "must be a version such as 1.0.2, not \"" + text + "\"";
}

const std::vector<Case> kTopCases = {
    {"Base", [](Spec&) {}, ""},
    {"Default", [](Spec& s) { s = default_spec(); }, ""},
    version("VersionDev", "1.0.2-dev", ""),
    version("VersionBuild", "1.1.0+dev", ""),
    version("VersionCandidate", "1.2.0-rc.1+b-7", ""),
    version("VersionLater", "1.99.0", ""),
    version("VersionWord", "invalid", not_a_version("invalid")),
    version("VersionEmpty", "", not_a_version("")),
    version("VersionShort", "1.0", not_a_version("1.0")),
    version("VersionLong", "1.0.0.0", not_a_version("1.0.0.0")),
    version("VersionZero", "1.00.0", not_a_version("1.00.0")),
    version("VersionV", "v1.0.0", not_a_version("v1.0.0")),
    version("VersionEmptySuffix", "1.0.0-", not_a_version("1.0.0-")),
    version("VersionOddSuffix", "1.0.0-a..b", not_a_version("1.0.0-a..b")),
    version("VersionNewline", "1.0.0-a\n", not_a_version("1.0.0-a?")),
    version("VersionTwo", "2.0.0", "version 2.0.0 is not supported: only 1.x is (up to 1.3.0)"),
    version("VersionOld", "0.9.0", "version 0.9.0 is not supported: only 1.x is (up to 1.3.0)"),
    version("VersionTen", "10.0.0", "version 10.0.0 is not supported: only 1.x is (up to 1.3.0)"),
    {"NoRoot", [](Spec& s) { s.root.reset(); }, "/root: is required"},
    {"EmptyRoot", [](Spec& s) { s.root->path.clear(); }, "/root/path: must not be empty"},
    {"NoProcess", [](Spec& s) { s.process.reset(); }, ""},
    {"HostnameWithoutUts", [](Spec& s) { remove_namespace(s, NamespaceType::uts); },
     "/hostname: needs an entry of type uts in /linux/namespaces, or the host would be renamed"},
    {"DomainnameWithoutUts",
     [](Spec& s) {
       s.hostname.clear();
       s.domainname = "d";
       remove_namespace(s, NamespaceType::uts);
     },
     "/domainname: needs an entry of type uts in /linux/namespaces, or the host would be renamed"},
    {"NoHostnameWithoutUts",
     [](Spec& s) {
       s.hostname.clear();
       remove_namespace(s, NamespaceType::uts);
     },
     ""},
    {"HostnameInJoinedUts",
     [](Spec& s) {
       remove_namespace(s, NamespaceType::uts);
       s.linux_.namespaces.push_back({NamespaceType::uts, "/proc/1/ns/uts"});
     },
     ""},
    {"HostnameLongest", [](Spec& s) { s.hostname = std::string(64, 'h'); }, ""},
    {"HostnameTooLong", [](Spec& s) { s.hostname = std::string(65, 'h'); },
     "/hostname: must have at most 64 bytes, not 65"},
    {"RelativeDestination", [](Spec& s) { s.mounts[1].destination = "dev"; },
     "/mounts/1/destination: must be absolute, not \"dev\""},
    {"MountWithUidsOnly",
     [](Spec& s) {
       s.mounts[2].uid_mappings = {{0, 1, 1}};
     },
     "/mounts/2: must have uidMappings and gidMappings, or neither"},
    {"MountWithGidsOnly",
     [](Spec& s) {
       s.mounts[2].gid_mappings = {{0, 1, 1}};
     },
     "/mounts/2: must have uidMappings and gidMappings, or neither"},
    {"MountWithEmptyRange",
     [](Spec& s) {
       s.mounts[2].uid_mappings = {{0, 1, 1}};
       s.mounts[2].gid_mappings = {{0, 1, 0}};
     },
     "/mounts/2/gidMappings/0/size: must be more than 0"},
    {"IdmapWithTheUserNamespacesMappings", [](Spec& s) { s.mounts[0].options = {"ridmap"}; }, ""},
    {"IdmapWithoutAnyMappings",
     [](Spec& s) {
       without_user_namespace(s);
       s.mounts[0].options = {"ro", "idmap"};
     },
     "/mounts/0/options: idmap needs uidMappings and gidMappings, or a user namespace"},
    {"IdmapWithItsOwnMappings",
     [](Spec& s) {
       without_user_namespace(s);
       s.mounts[0].options = {"idmap"};
       s.mounts[0].uid_mappings = s.mounts[0].gid_mappings = {{0, 1, 1}};
     },
     ""},
    {"HookPath",
     [](Spec& s) {
       s.hooks.poststart = {{.path = "/ok"}, {.path = "sh"}};
     },
     "/hooks/poststart/1/path: must be absolute, not \"sh\""},
    {"EveryHookPoint", [](Spec& s) { s.hooks.prestart = {{.path = ""}}; },
     "/hooks/prestart/0/path: must be absolute, not \"\""},
    {"HookCreateRuntime", [](Spec& s) { s.hooks.create_runtime = {{.path = "a"}}; },
     "/hooks/createRuntime/0/path: must be absolute, not \"a\""},
    {"HookCreateContainer", [](Spec& s) { s.hooks.create_container = {{.path = "a"}}; },
     "/hooks/createContainer/0/path: must be absolute, not \"a\""},
    {"HookStartContainer", [](Spec& s) { s.hooks.start_container = {{.path = "a"}}; },
     "/hooks/startContainer/0/path: must be absolute, not \"a\""},
    {"HookPoststop", [](Spec& s) { s.hooks.poststop = {{.path = "a"}}; },
     "/hooks/poststop/0/path: must be absolute, not \"a\""},
    {"HookEnvironment", [](Spec& s) { s.hooks.poststop = {{.path = "/a", .env = {"=x"}}}; },
     "/hooks/poststop/0/env/0: must be NAME=value, not \"=x\""},
    {"HookTimeout", [](Spec& s) { s.hooks.poststop = {{.path = "/a", .timeout = 0}}; },
     "/hooks/poststop/0/timeout: must be more than 0"},
    {"AnnotationWithoutName",
     [](Spec& s) {
       s.annotations = {{"", "x"}};
     },
     "/annotations: has an empty name"},
    {"AnnotationWithoutValue",
     [](Spec& s) {
       s.annotations = {{"x", ""}};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Top, Rule, ValuesIn(kTopCases), named);

const std::vector<Case> kProcessCases = {
    {"NoArgs", [](Spec& s) { s.process->args.clear(); },
     "/process/args: must have at least one entry"},
    {"RelativeCwd", [](Spec& s) { s.process->cwd = "tmp"; },
     "/process/cwd: must be absolute, not \"tmp\""},
    {"EmptyCwd", [](Spec& s) { s.process->cwd = ""; }, "/process/cwd: must be absolute, not \"\""},
    {"EnvWithoutName",
     [](Spec& s) {
       s.process->env = {"A=1", "=1"};
     },
     "/process/env/1: must be NAME=value, not \"=1\""},
    {"EnvEmpty", [](Spec& s) { s.process->env = {""}; },
     "/process/env/0: must be NAME=value, not \"\""},
    {"EnvWithoutValue",
     [](Spec& s) {
       s.process->env = {"A", "B=", "C==\n"};
     },
     ""},
    {"NoSuchUser", [](Spec& s) { s.process->user.uid = 4294967295; },
     "/process/user/uid: must not be 4294967295, which is no user"},
    {"NoSuchGroup", [](Spec& s) { s.process->user.gid = 4294967295; },
     "/process/user/gid: must not be 4294967295, which is no group"},
    {"CapabilityBounding",
     [](Spec& s) {
       s.process->capabilities->bounding = {"CAP_KILL", "KILL"};
     },
     "/process/capabilities/bounding/1: unknown capability \"KILL\""},
    {"CapabilityEffective", [](Spec& s) { s.process->capabilities->effective = {"CAP_X"}; },
     "/process/capabilities/effective/0: unknown capability \"CAP_X\""},
    {"CapabilityInheritable", [](Spec& s) { s.process->capabilities->inheritable = {"cap_kill"}; },
     "/process/capabilities/inheritable/0: unknown capability \"cap_kill\""},
    {"CapabilityPermitted", [](Spec& s) { s.process->capabilities->permitted = {"ALL"}; },
     "/process/capabilities/permitted/0: unknown capability \"ALL\""},
    {"CapabilityAmbient", [](Spec& s) { s.process->capabilities->ambient = {""}; },
     "/process/capabilities/ambient/0: unknown capability \"\""},
    {"CapabilityLast",
     [](Spec& s) {
       s.process->capabilities->bounding = {"CAP_CHOWN", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
                                            "CAP_CHECKPOINT_RESTORE"};
     },
     ""},
    {"NoCapabilities", [](Spec& s) { s.process->capabilities.reset(); }, ""},
    {"RlimitUnknown",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_FILES", 1, 1}};
     },
     "/process/rlimits/0/type: must be one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, "
     "RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, "
     "RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK, not "
     "\"RLIMIT_FILES\""},
    {"RlimitTwice",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_CPU", 1, 1}, {"RLIMIT_AS", 1, 1}, {"RLIMIT_CPU", 2, 2}};
     },
     "/process/rlimits/2/type: RLIMIT_CPU is set twice"},
    {"RlimitSoftAboveHard",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_CPU", 3, 2}};
     },
     "/process/rlimits/0/soft: must not be above hard (3 > 2)"},
    {"RlimitUnlimited",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_CPU", UINT64_MAX, UINT64_MAX}};
     },
     ""},
    {"Policy", [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_FAIR"}; },
     "/process/scheduler/policy: must be one of SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, "
     "SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE, not \"SCHED_FAIR\""},
    {"SchedulerFlag",
     [](Spec& s) {
       s.process->scheduler = Scheduler{.policy = "SCHED_OTHER", .flags = {"SCHED_FLAG_X"}};
     },
     "/process/scheduler/flags/0: must be one of SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, "
     "SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, "
     "SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX, not \"SCHED_FLAG_X\""},
    {"PriorityWithoutRealTime",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_OTHER", .priority = 1}; },
     "/process/scheduler/priority: needs the policy SCHED_FIFO or SCHED_RR, not SCHED_OTHER"},
    {"RealTimeWithoutPriority",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_RR"}; },
     "/process/scheduler/priority: must be from 1 to 99 with SCHED_RR"},
    {"RealTime",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_FIFO", .priority = 9}; }, ""},
    {"DeadlineOfAnotherPolicy",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_BATCH", .period = 1}; },
     "/process/scheduler: runtime, deadline and period need the policy SCHED_DEADLINE, not "
     "SCHED_BATCH"},
    {"IoClass", [](Spec& s) { s.process->io_priority = IoPriority{.io_class = "BE"}; },
     "/process/ioPriority/class: must be one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, "
     "IOPRIO_CLASS_IDLE, not \"BE\""},
    {"AffinityInitial",
     [](Spec& s) {
       s.process->exec_cpu_affinity = CpuAffinity{"0-a", ""};
     },
     "/process/execCPUAffinity/initial: must be a list such as 0-3,7, not \"0-a\""},
    {"AffinityFinal",
     [](Spec& s) {
       s.process->exec_cpu_affinity = CpuAffinity{"0-3,7", "x"};
     },
     "/process/execCPUAffinity/final: must be a list such as 0-3,7, not \"x\""},
};
INSTANTIATE_TEST_SUITE_P(Process, Rule, ValuesIn(kProcessCases), named);

const std::vector<Case> kNamespaceCases = {
    {"NamespaceTwice",
     [](Spec& s) {
       s.linux_.namespaces.push_back({NamespaceType::pid, "/proc/1/ns/pid"});
     },
     "/linux/namespaces/8/type: pid is listed twice"},
    {"NamespaceRelative", [](Spec& s) { s.linux_.namespaces[1].path = "proc/1/ns/net"; },
     "/linux/namespaces/1/path: must be absolute, not \"proc/1/ns/net\""},
    {"UserWithoutUids", [](Spec& s) { s.linux_.uid_mappings.clear(); },
     "/linux/uidMappings: is required for a new user namespace"},
    {"UserWithoutGids", [](Spec& s) { s.linux_.gid_mappings.clear(); },
     "/linux/gidMappings: is required for a new user namespace"},
    {"UidsWithoutUser", [](Spec& s) { remove_namespace(s, NamespaceType::user); },
     "/linux/uidMappings: needs an entry of type user in /linux/namespaces"},
    {"GidsWithoutUser",
     [](Spec& s) {
       remove_namespace(s, NamespaceType::user);
       s.linux_.uid_mappings.clear();
     },
     "/linux/gidMappings: needs an entry of type user in /linux/namespaces"},
    {"JoinedUserWithoutMappings",
     [](Spec& s) {
       without_user_namespace(s);
       s.linux_.namespaces.push_back({NamespaceType::user, "/proc/1/ns/user"});
       s.process->user.uid = 70000;
     },
     ""},
    {"MappingEmpty",
     [](Spec& s) {
       s.linux_.uid_mappings.push_back({70000, 1, 0});
     },
     "/linux/uidMappings/1/size: must be more than 0"},
    {"MappingOverlapsInside",
     [](Spec& s) {
       s.linux_.uid_mappings.push_back({65535, 1, 1});
     },
     "/linux/uidMappings/1: overlaps with entry 0"},
    {"MappingOverlapsOutside",
     [](Spec& s) {
       s.linux_.gid_mappings.push_back({65536, 200000, 1});
     },
     "/linux/gidMappings/1: overlaps with entry 0"},
    {"MappingNextToAnother",
     [](Spec& s) {
       s.linux_.uid_mappings.push_back({65536, 165536, 1});
     },
     ""},
    {"MappingOfAllIds",
     [](Spec& s) {
       s.linux_.uid_mappings = {{0, 0, 4294967295}};
     },
     ""},
    {"MappingPastTheLastHostId",
     [](Spec& s) {
       s.linux_.uid_mappings = {{0, 4294967290, 6}};
     },
     "/linux/uidMappings/0/size: reaches past the largest id, 4294967294"},
    {"MappingPastTheLastInnerId",
     [](Spec& s) {
       s.linux_.gid_mappings = {{4294967294, 0, 2}};
     },
     "/linux/gidMappings/0/size: reaches past the largest id, 4294967294"},
    {"MappingsTooMany",
     [](Spec& s) {
       s.linux_.uid_mappings.clear();
       for (uint32_t i = 0; i < 341; ++i) s.linux_.uid_mappings.push_back({i, i, 1});
     },
     "/linux/uidMappings: has 341 entries; the kernel takes at most 340"},
    {"UidUnmapped", [](Spec& s) { s.process->user.uid = 65536; },
     "/process/user/uid: 65536 is not mapped by /linux/uidMappings"},
    {"UidLastMapped", [](Spec& s) { s.process->user.uid = 65535; }, ""},
    {"GidUnmapped", [](Spec& s) { s.process->user.gid = 70000; },
     "/process/user/gid: 70000 is not mapped by /linux/gidMappings"},
    {"GroupUnmapped",
     [](Spec& s) {
       s.process->user.additional_gids = {5, 65536};
     },
     "/process/user/additionalGids/1: 65536 is not mapped by /linux/gidMappings"},
    {"TimeOffsets",
     [](Spec& s) {
       s.linux_.time_offsets = {{"boottime", {}}, {"monotonic", {}}};
     },
     ""},
    {"TimeOffsetsWithoutTime",
     [](Spec& s) {
       s.linux_.time_offsets = {{"boottime", {}}};
       remove_namespace(s, NamespaceType::time);
     },
     "/linux/timeOffsets: needs a new namespace of type time in /linux/namespaces"},
    {"TimeOffsetsInJoinedTime",
     [](Spec& s) {
       s.linux_.time_offsets = {{"boottime", {}}};
       remove_namespace(s, NamespaceType::time);
       s.linux_.namespaces.push_back({NamespaceType::time, "/proc/1/ns/time"});
     },
     "/linux/timeOffsets: needs a new namespace of type time in /linux/namespaces"},
    {"TimeOffsetsOfAnotherClock",
     [](Spec& s) {
       s.linux_.time_offsets = {{"realtime", {}}};
     },
     "/linux/timeOffsets/realtime: must be one of boottime, monotonic, not \"realtime\""},
};
INSTANTIATE_TEST_SUITE_P(Namespaces, Rule, ValuesIn(kNamespaceCases), named);

const std::vector<Case> kLinuxCases = {
    {"CgroupsPathUp", [](Spec& s) { s.linux_.cgroups_path = "/a/../../b"; },
     "/linux/cgroupsPath: must not contain \"..\""},
    {"CgroupsPathEndsUp", [](Spec& s) { s.linux_.cgroups_path = ".."; },
     "/linux/cgroupsPath: must not contain \"..\""},
    {"CgroupsPathWithDots", [](Spec& s) { s.linux_.cgroups_path = "/a..b/...c"; }, ""},
    {"CgroupsPathOfSystemd", [](Spec& s) { s.linux_.cgroups_path = "system.slice:docker:1"; }, ""},
    {"DevicePath", [](Spec& s) { s.linux_.devices = {{.path = "dev/fuse"}}; },
     "/linux/devices/0/path: must be absolute, not \"dev/fuse\""},
    {"NetDevice",
     [](Spec& s) {
       s.linux_.net_devices = {{"eth0", {}}, {"eth1", {"a%d"}}};
     },
     ""},
    {"NetDeviceWithoutNetwork",
     [](Spec& s) {
       s.linux_.net_devices = {{"eth0", {}}};
       remove_namespace(s, NamespaceType::network);
     },
     "/linux/netDevices: needs an entry of type network in /linux/namespaces"},
    {"NetDeviceSlash",
     [](Spec& s) {
       s.linux_.net_devices = {{"eth/0", {}}};
     },
     "/linux/netDevices/eth~10: \"eth/0\" is no name of a network interface"},
    {"NetDeviceLong",
     [](Spec& s) {
       s.linux_.net_devices = {{"eth0", {"sixteen-letters-"}}};
     },
     "/linux/netDevices/eth0/name: \"sixteen-letters-\" is no name of a network interface"},
    {"NetDevicesOfOneName",
     [](Spec& s) {
       s.linux_.net_devices = {{"eth0", {"eth1"}}, {"eth1", {}}};
     },
     "/linux/netDevices/eth1/name: \"eth1\" is the name of two devices"},
    {"Propagation", [](Spec& s) { s.linux_.rootfs_propagation = "public"; },
     "/linux/rootfsPropagation: must be one of shared, slave, private, unbindable, rshared, "
     "rslave, "
     "rprivate, runbindable, not \"public\""},
    {"PropagationOfEngines", [](Spec& s) { s.linux_.rootfs_propagation = "rslave"; }, ""},
    {"MaskedPath",
     [](Spec& s) {
       s.linux_.masked_paths = {"/proc/kcore", "proc/keys"};
     },
     "/linux/maskedPaths/1: must be absolute, not \"proc/keys\""},
    {"ReadonlyPath", [](Spec& s) { s.linux_.readonly_paths = {""}; },
     "/linux/readonlyPaths/0: must be absolute, not \"\""},
    {"MaskedPathsOnTheHost", [](Spec& s) { remove_namespace(s, NamespaceType::mount); },
     "/linux/maskedPaths: needs an entry of type mount in /linux/namespaces"},
    {"RdtPath", [](Spec& s) { s.linux_.intel_rdt = IntelRdt{.clos_id = "a/b"}; },
     "/linux/intelRdt/closID: must be a name without \"/\", not \"a/b\""},
    {"RdtUp", [](Spec& s) { s.linux_.intel_rdt = IntelRdt{.clos_id = ".."}; },
     "/linux/intelRdt/closID: must be a name without \"/\", not \"..\""},
    {"RdtDefaultClass", [](Spec& s) { s.linux_.intel_rdt = IntelRdt{.clos_id = "/"}; }, ""},
    {"RdtCacheLines", [](Spec& s) { s.linux_.intel_rdt = IntelRdt{.l3_cache_schema = "L3:0=f\n"}; },
     "/linux/intelRdt/l3CacheSchema: must be a single line"},
    {"RdtBandwidth", [](Spec& s) { s.linux_.intel_rdt = IntelRdt{.mem_bw_schema = "L3:0=f"}; },
     "/linux/intelRdt/memBwSchema: must start with MB:, not \"L3:0=f\""},
    {"RdtSchemataLines",
     [](Spec& s) {
       s.linux_.intel_rdt = IntelRdt{.schemata = {{"L3:0=f", "MB:0=1\nL2:0=1"}}};
     },
     "/linux/intelRdt/schemata/1: must be a single line"},
    {"MemoryMode", [](Spec& s) { s.linux_.memory_policy = MemoryPolicy{.mode = "BIND"}; },
     "/linux/memoryPolicy/mode: must be one of MPOL_DEFAULT, MPOL_BIND, MPOL_INTERLEAVE, "
     "MPOL_WEIGHTED_INTERLEAVE, MPOL_PREFERRED, MPOL_PREFERRED_MANY, MPOL_LOCAL, not \"BIND\""},
    {"MemoryFlag",
     [](Spec& s) {
       s.linux_.memory_policy = MemoryPolicy{"MPOL_BIND", "0", {"STATIC"}};
     },
     "/linux/memoryPolicy/flags/0: must be one of MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, "
     "MPOL_F_STATIC_NODES, not \"STATIC\""},
    {"MemoryNodes",
     [](Spec& s) {
       s.linux_.memory_policy = MemoryPolicy{"MPOL_BIND", "all", {}};
     },
     "/linux/memoryPolicy/nodes: must be a list such as 0-3,7, not \"all\""},
    {"MemoryNodesMissing",
     [](Spec& s) {
       s.linux_.memory_policy = MemoryPolicy{"MPOL_BIND", "", {}};
     },
     "/linux/memoryPolicy/nodes: is required with MPOL_BIND"},
    {"MemoryNodesOfLocal",
     [](Spec& s) {
       s.linux_.memory_policy = MemoryPolicy{"MPOL_LOCAL", "0", {}};
     },
     "/linux/memoryPolicy/nodes: must be empty with MPOL_LOCAL"},
    {"MemoryPreferred",
     [](Spec& s) {
       s.linux_.memory_policy = MemoryPolicy{"MPOL_PREFERRED", "", {}};
     },
     ""},
    {"Personality",
     [](Spec& s) {
       s.linux_.personality = Personality{"LINUX32", {}};
     },
     ""},
    {"PersonalityDomain",
     [](Spec& s) {
       s.linux_.personality = Personality{"BSD", {}};
     },
     "/linux/personality/domain: must be one of LINUX, LINUX32, not \"BSD\""},
    {"PersonalityFlag",
     [](Spec& s) {
       s.linux_.personality = Personality{"LINUX", {"X"}};
     },
     "/linux/personality/flags: must be empty, as no flags are defined"},
};
INSTANTIATE_TEST_SUITE_P(Linux, Rule, ValuesIn(kLinuxCases), named);

const std::vector<Case> kSeccompCases = {
    {"ErrnoOfAllow",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->syscalls[0].errno_ret = 1;
     },
     "/linux/seccomp/syscalls/0/errnoRet: needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE, not "
     "SCMP_ACT_ALLOW"},
    {"ErrnoOfErrno",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::error);
       s.linux_.seccomp->syscalls[0].errno_ret = 4095;
     },
     ""},
    {"ErrnoTooLarge",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::error);
       s.linux_.seccomp->syscalls[0].errno_ret = 4096;
     },
     "/linux/seccomp/syscalls/0/errnoRet: must be at most 4095, not 4096"},
    {"TraceTooLarge",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::trace);
       s.linux_.seccomp->syscalls[0].errno_ret = 65536;
     },
     "/linux/seccomp/syscalls/0/errnoRet: must be at most 65535, not 65536"},
    {"DefaultErrno",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::error);
       s.linux_.seccomp->default_errno_ret = 38;
     },
     "/linux/seccomp/defaultErrnoRet: needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE, not "
     "SCMP_ACT_ALLOW"},
    {"DefaultNotify",
     [](Spec& s) { s.linux_.seccomp = Seccomp{.default_action = SeccompAction::notify}; },
     "/linux/seccomp/defaultAction: must not be SCMP_ACT_NOTIFY"},
    {"NotifyWithoutListener", [](Spec& s) { s.linux_.seccomp = filter(SeccompAction::notify); },
     "/linux/seccomp/listenerPath: is required with SCMP_ACT_NOTIFY"},
    {"NotifyRelativeListener",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::notify);
       s.linux_.seccomp->listener_path = "agent.sock";
     },
     "/linux/seccomp/listenerPath: must be absolute, not \"agent.sock\""},
    {"Notify",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::notify);
       s.linux_.seccomp->listener_path = "/agent.sock";
       s.linux_.seccomp->listener_metadata = "m";
     },
     ""},
    {"NotifyOfWrite",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::notify, {"mkdir", "write"});
       s.linux_.seccomp->listener_path = "/agent.sock";
     },
     "/linux/seccomp/syscalls/0/names: write cannot have the action SCMP_ACT_NOTIFY"},
    {"ListenerWithoutNotifyIsIgnored",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->listener_path = "agent.sock";
     },
     ""},
    {"MetadataWithoutListener",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->listener_metadata = "m";
     },
     "/linux/seccomp/listenerMetadata: needs listenerPath"},
    {"Flag",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->flags = {"SECCOMP_FILTER_FLAG_TSYNC", "LOG"};
     },
     "/linux/seccomp/flags/1: must be one of SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, "
     "SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, not \"LOG\""},
    {"ArchitecturesOfTheSpecification",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->architectures = {
           "SCMP_ARCH_X86",      "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",
           "SCMP_ARCH_ARM",      "SCMP_ARCH_AARCH64",     "SCMP_ARCH_MIPS",
           "SCMP_ARCH_MIPS64",   "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
           "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
           "SCMP_ARCH_PPC64",    "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_S390",
           "SCMP_ARCH_S390X",    "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
           "SCMP_ARCH_RISCV64",  "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
           "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB"};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Seccomp, Rule, ValuesIn(kSeccompCases), named);

TEST(SeccompArchitecture, IsNamedWhereItIsUnknown) {
  Spec spec = base();
  spec.linux_.seccomp = filter(SeccompAction::allow);
  spec.linux_.seccomp->architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_VAX"};
  const std::string error = refusal([&] { validate(spec, "config.json"); });
  EXPECT_TRUE(error.starts_with("config.json: /linux/seccomp/architectures/1: must be one of "));
  EXPECT_TRUE(error.ends_with(", not \"SCMP_ARCH_VAX\""));
}

Case sysctl(std::string name, std::string parameter, std::string error) {
  return {std::move(name),
          [parameter](Spec& s) {
            s.linux_.sysctl = {{parameter, "1"}};
          },
          std::move(error)};
}

Case sysctl_without(std::string name, NamespaceType type, std::string parameter) {
  const std::string error = "/linux/sysctl/" + parameter + ": needs an entry of type " +
                            std::string(name_of(type)) +
                            " in /linux/namespaces, or the host's would change";
  return {std::move(name),
          [=](Spec& s) {
            s.hostname.clear();
            if (type == NamespaceType::user) without_user_namespace(s);
            remove_namespace(s, type);
            s.linux_.sysctl = {{parameter, "1"}};
          },
          error};
}

std::string no_name(const std::string& text) {
  return "\"" + text + "\" is no name of a kernel parameter";
}

constexpr std::string_view kOfTheHost =
    "is not kept apart by any namespace, so the host's would change";

const std::vector<Case> kSysctlCases = {
    sysctl("SysctlMsgmax", "kernel.msgmax", ""),
    sysctl("SysctlMsgmnb", "kernel.msgmnb", ""),
    sysctl("SysctlMsgmni", "kernel.msgmni", ""),
    sysctl("SysctlSem", "kernel.sem", ""),
    sysctl("SysctlShmall", "kernel.shmall", ""),
    sysctl("SysctlShmmax", "kernel.shmmax", ""),
    sysctl("SysctlShmmni", "kernel.shmmni", ""),
    sysctl("SysctlShmRmid", "kernel.shm_rmid_forced", ""),
    sysctl("SysctlMqueue", "fs.mqueue.msg_max", ""),
    sysctl("SysctlNet", "net.ipv4.ip_forward", ""),
    sysctl("SysctlNetSlashes", "net/ipv4/ip_forward", ""),
    sysctl("SysctlNetVlan", "net.ipv4.conf.eth0/1.forwarding", ""),
    sysctl("SysctlUser", "user.max_user_namespaces", ""),
    sysctl("SysctlDomainname", "kernel.domainname", ""),
    sysctl("SysctlCorePattern", "kernel.core_pattern",
           "/linux/sysctl/kernel.core_pattern: " + std::string(kOfTheHost)),
    sysctl("SysctlCorePatternSlashes", "kernel/core_pattern",
           "/linux/sysctl/kernel~1core_pattern: " + std::string(kOfTheHost)),
    sysctl("SysctlVm", "vm.swappiness", "/linux/sysctl/vm.swappiness: " + std::string(kOfTheHost)),
    sysctl("SysctlFs", "fs.file-max", "/linux/sysctl/fs.file-max: " + std::string(kOfTheHost)),
    sysctl("SysctlNearMiss", "kernel.shmmaxx",
           "/linux/sysctl/kernel.shmmaxx: " + std::string(kOfTheHost)),
    sysctl("SysctlUp", "net/../kernel/core_pattern",
           "/linux/sysctl/net~1..~1kernel~1core_pattern: " + no_name("net/../kernel/core_pattern")),
    sysctl("SysctlUpBySlashes", "net.//.kernel.core_pattern",
           "/linux/sysctl/net.~1~1.kernel.core_pattern: " + no_name("net.//.kernel.core_pattern")),
    sysctl("SysctlEmptyStep", "net..ip_forward",
           "/linux/sysctl/net..ip_forward: " + no_name("net..ip_forward")),
    sysctl("SysctlEmpty", "", "/linux/sysctl/: " + no_name("")),
    sysctl("SysctlFromTheRoot", "/net/ipv4/ip_forward",
           "/linux/sysctl/~1net~1ipv4~1ip_forward: " + no_name("/net/ipv4/ip_forward")),
    sysctl("SysctlEndsOpen", "net.", "/linux/sysctl/net.: " + no_name("net.")),
    sysctl_without("SysctlWithoutIpc", NamespaceType::ipc, "kernel.sem"),
    sysctl_without("SysctlMqueueWithoutIpc", NamespaceType::ipc, "fs.mqueue.msg_max"),
    sysctl_without("SysctlWithoutNetwork", NamespaceType::network, "net.core.somaxconn"),
    sysctl_without("SysctlWithoutUts", NamespaceType::uts, "kernel.hostname"),
    sysctl_without("SysctlWithoutUser", NamespaceType::user, "user.max_mnt_namespaces"),
    sysctl("SysctlAgainstHostname", "kernel.hostname",
           "/linux/sysctl/kernel.hostname: conflicts with /hostname"),
    {"SysctlAgainstDomainname",
     [](Spec& s) {
       s.domainname = "d";
       s.linux_.sysctl = {{"kernel/domainname", "1"}};
     },
     "/linux/sysctl/kernel~1domainname: conflicts with /domainname"},
    {"SysctlInsteadOfHostname",
     [](Spec& s) {
       s.hostname.clear();
       s.linux_.sysctl = {{"kernel.hostname", "h"}};
     },
     ""},
    {"SysctlInJoinedNetwork",
     [](Spec& s) {
       s.linux_.namespaces[1].path = "/run/netns/a";
       s.linux_.sysctl = {{"net.core.somaxconn", "1"}};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Sysctl, Rule, ValuesIn(kSysctlCases), named);

TEST(SysctlPath, IsTheSameForBothSpellings) {
  EXPECT_EQ(sysctl_path("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(sysctl_path("net/ipv4/ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(sysctl_path("net.ipv4.conf.eth0/1.forwarding"), "net/ipv4/conf/eth0.1/forwarding");
  EXPECT_EQ(sysctl_path("net/ipv4/conf/eth0.1/forwarding"), "net/ipv4/conf/eth0.1/forwarding");
  EXPECT_EQ(sysctl_path("single"), "single");
}

TEST(ValidateProcess, NamesItsOwnFileAndPath) {
  Process process;
  process.args = {"sh"};
  process.cwd = "x";
  EXPECT_EQ(refusal([&] { validate(process, "p.json", ""); }),
            "p.json: /cwd: must be absolute, not \"x\"");
  EXPECT_EQ(refusal([&] { validate(process, "config.json", "/process"); }),
            "config.json: /process/cwd: must be absolute, not \"x\"");
  process.cwd = "/";
  EXPECT_NO_THROW(validate(process, "p.json", ""));
}

}  // namespace
}  // namespace oci
