// Configurations that fail at every step of a start. Each must end in one line that names the step
// and the object, and leave nothing behind: no process, mount, cgroup or directory.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

struct Failure {
  const char* name;
  void (*break_it)(Bundle& bundle);
  std::vector<const char*> words;  // regular expressions for gocker-runtime's line
  const char* runc_gap = nullptr;  // why Debian's runc takes it
};

std::ostream& operator<<(std::ostream& stream, const Failure& row) {
  return stream << row.name;
}

void set(Bundle& bundle, const char* pointer, const char* json) {
  bundle.config.set(pointer, Value::parse(json));
}

void append(Bundle& bundle, const char* pointer, const char* json) {
  bundle.config.append(pointer, Value::parse(json));
}

void write_script(const Bundle& bundle, const std::string& text) {
  std::ofstream(bundle.rootfs("/script")) << text;
  ::chmod(bundle.rootfs("/script").c_str(), 0755);
}

const Failure kMountFailures[] = {
    {"BindSourceIsMissing",
     [](Bundle& b) { b.add_mount("/volume", "none", "/no/such/source", {"bind"}); },
     {"/volume", "/no/such/source"}},
    {"FileSystemIsUnknown",
     [](Bundle& b) { b.add_mount("/volume", "no-such-fs", "none", {}); },
     {"/volume", "no-such-fs"}},
    {"MountOptionIsUnknown",
     [](Bundle& b) { b.add_mount("/volume", "tmpfs", "tmpfs", {"no_such_option=1"}); },
     {"mount.*/volume", "no_such_option"}},
    {"MountOptionHasABadValue",
     [](Bundle& b) { b.add_mount("/volume", "tmpfs", "tmpfs", {"size=plenty"}); },
     {"mount.*/volume", "size"}},
    {"DirectoryIsBoundToAFile",
     [](Bundle& b) { b.add_mount("/etc/passwd", "none", "/tmp", {"bind"}); },
     {"mount.*/etc/passwd"}},
    {"FileIsBoundToADirectory",
     [](Bundle& b) { b.add_mount("/etc", "none", "/etc/passwd", {"bind"}); },
     {"mount.*/etc"}},
    {"DestinationLiesBelowAFile",
     [](Bundle& b) { b.add_mount("/etc/passwd/below", "tmpfs", "tmpfs", {}); },
     {"/etc/passwd/below"}},
    {"DestinationIsMissing",
     [](Bundle& b) { append(b, "/mounts", R"({"type": "tmpfs", "source": "tmpfs"})"); },
     {"mounts/4/destination"}},
    {"OverlayLowerIsMissing",
     [](Bundle& b) { b.add_mount("/volume", "overlay", "overlay", {"lowerdir=/no/such/lower"}); },
     {"mount.*/volume"}},
    {"LastOfManyMountsFails",
     [](Bundle& b) {
       for (int i = 0; i < 8; ++i) b.add_mount("/m" + std::to_string(i), "tmpfs", "tmpfs", {});
       b.add_mount("/last", "no-such-fs", "none", {});
     },
     {"/last"}},
    {"RootfsIsMissing",
     [](Bundle& b) { set(b, "/root/path", R"("nowhere")"); },
     {"root", "nowhere"}},
    {"RootfsIsAFile",
     [](Bundle& b) { set(b, "/root/path", R"("config.json")"); },
     {"config\\.json.*([Nn]ot a directory|directory)"}},
    {"RootIsMissing", [](Bundle& b) { b.config.remove("/root"); }, {"root"}},
    {"RootfsPropagationIsUnknown",
     [](Bundle& b) { set(b, "/linux/rootfsPropagation", R"("sideways")"); },
     {"rootfsPropagation.*sideways"}},
    {"MaskedPathIsRelative",
     [](Bundle& b) { set(b, "/linux/maskedPaths", R"(["etc/passwd"])"); },
     {"maskedPaths/0"},
     "it takes relative paths as ones from the working directory"},
    {"ReadonlyPathIsRelative",
     [](Bundle& b) { set(b, "/linux/readonlyPaths", R"(["etc/passwd"])"); },
     {"readonlyPaths/0"},
     "it takes relative paths as ones from the working directory"},
};

const Failure kProgramFailures[] = {
    {"ProgramIsNotInThePath",
     [](Bundle& b) { set(b, "/process/args", R"(["no-such-program", "x"])"); },
     {R"(exec: "no-such-program": executable file not found in \$PATH)"}},
    {"ProgramIsMissing",
     [](Bundle& b) { set(b, "/process/args", R"(["/no/such"])"); },
     {R"(exec: "/no/such": stat /no/such: no such file or directory)"}},
    {"ProgramIsNotExecutable",
     [](Bundle& b) { set(b, "/process/args", R"(["/etc/passwd"])"); },
     {R"(exec: "/etc/passwd": permission denied)"}},
    {"ProgramIsADirectory",
     [](Bundle& b) { set(b, "/process/args", R"(["/etc"])"); },
     {R"(exec: "/etc": permission denied \(is a directory\))"}},
    {"ProgramLiesBelowAFile",
     [](Bundle& b) { set(b, "/process/args", R"(["/etc/passwd/x"])"); },
     {R"(exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory)"}},
    {"ProgramMayNotBeReachedByTheUser",
     [](Bundle& b) {
       ::chmod(b.rootfs("/inside").c_str(), 0700);
       set(b, "/process/capabilities", "{}");
       set(b, "/process/user", R"({"uid": 1000, "gid": 1000})");
     },
     {R"(exec: "/inside": permission denied)"}},
    {"ProgramHasAnUnknownFormat",
     [](Bundle& b) {
       write_script(b, "no shebang");
       set(b, "/process/args", R"(["/script"])");
     },
     {"/script.*[Ee]xec format error"},
     "its start does not wait for execve(2)"},
    {"InterpreterIsMissing",
     [](Bundle& b) {
       write_script(b, "#!/no/such/interpreter\n");
       set(b, "/process/args", R"(["/script"])");
     },
     {"/script.*[Nn]o such file or directory"},
     "its start does not wait for execve(2)"},
    {"ArgsAreEmpty", [](Bundle& b) { set(b, "/process/args", "[]"); }, {"process/args"}},
    {"ArgsAreMissing", [](Bundle& b) { b.config.remove("/process/args"); }, {"process/args"}},
    {"ArgHoldsANul",
     [](Bundle& b) { set(b, "/process/args", R"(["/inside", "a\u0000b"])"); },
     {"process/args/1"},
     "its start does not wait for execve(2)"},
    {"CwdIsMissing",
     [](Bundle& b) { set(b, "/process/cwd", R"("/no/such/cwd")"); },
     {"cwd|directory", "/no/such/cwd"},
     "it makes the directory"},
    {"CwdIsAFile",
     [](Bundle& b) { set(b, "/process/cwd", R"("/etc/passwd")"); },
     {"cwd|directory", "/etc/passwd"}},
    {"CwdMayNotBeEntered",
     [](Bundle& b) {
       fs::create_directory(b.rootfs("/closed"));
       ::chmod(b.rootfs("/closed").c_str(), 0700);
       set(b, "/process/capabilities", "{}");
       set(b, "/process/user", R"({"uid": 1000, "gid": 1000})");
       set(b, "/process/cwd", R"("/closed")");
     },
     {"cwd|directory", "/closed", "[Pp]ermission denied"},
     "it enters the directory as root first"},
    {"CwdIsRelative", [](Bundle& b) { set(b, "/process/cwd", R"("tmp")"); }, {"process/cwd"}},
    {"CwdIsEmpty", [](Bundle& b) { set(b, "/process/cwd", R"("")"); }, {"process/cwd"}},
    {"LimitIsUnknown",
     [](Bundle& b) {
       append(b, "/process/rlimits", R"({"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1})");
     },
     {"RLIMIT_NONSENSE"}},
    {"SoftLimitIsAboveTheHardOne",
     [](Bundle& b) {
       append(b, "/process/rlimits", R"({"type": "RLIMIT_NOFILE", "soft": 100, "hard": 50})");
     },
     {"RLIMIT_NOFILE|rlimits/0"}},
    {"LimitIsHigherThanAllowed",
     [](Bundle& b) {
       append(b, "/process/rlimits",
              R"({"type": "RLIMIT_NOFILE", "soft": 1073741824, "hard": 1073741824})");
     },
     {"RLIMIT_NOFILE", "[Oo]peration not permitted"}},
    {"LimitIsGivenTwice",
     [](Bundle& b) {
       for (int i = 0; i < 2; ++i) {
         append(b, "/process/rlimits", R"({"type": "RLIMIT_NOFILE", "soft": 50, "hard": 50})");
       }
     },
     {"RLIMIT_NOFILE"},
     "the last one counts there"},
    {"LimitIsNegative",
     [](Bundle& b) {
       append(b, "/process/rlimits", R"({"type": "RLIMIT_NOFILE", "soft": -1, "hard": -1})");
     },
     {"process/rlimits/0/(soft|hard)"}},
    {"OomScoreAdjIsTooHigh",
     [](Bundle& b) { set(b, "/process/oomScoreAdj", "1001"); },
     {"oomScoreAdj|oom_score_adj", "1001"}},
    {"UserIsMissing",
     [](Bundle& b) { b.config.remove("/process/user/uid"); },
     {"process/user/uid"},
     "an absent number is 0 there"},
    {"AdditionalGroupIsNegative",
     [](Bundle& b) { set(b, "/process/user/additionalGids", "[-5]"); },
     {"additionalGids/0"}},
    {"NoNewPrivilegesIsAText",
     [](Bundle& b) { set(b, "/process/noNewPrivileges", R"("yes")"); },
     {"process/noNewPrivileges"}},
};

const Failure kNamespaceFailures[] = {
    {"NamespacePathIsMissing",
     [](Bundle& b) { b.set_namespace("network", "/no/such/namespace"); },
     {"network", "/no/such/namespace"}},
    {"NamespaceIsOfAnotherType",
     [](Bundle& b) { b.set_namespace("network", "/proc/self/ns/uts"); },
     {"network", "/proc/self/ns/uts"}},
    {"NamespacePathIsNoNamespace",
     [](Bundle& b) { b.set_namespace("network", "/etc/passwd"); },
     {"network", "/etc/passwd"}},
    {"NamespacePathIsRelative",
     [](Bundle& b) { b.set_namespace("network", "proc/self/ns/net"); },
     {"linux/namespaces/4/path"}},
    {"NamespaceIsGivenTwice",
     [](Bundle& b) { append(b, "/linux/namespaces", R"({"type": "ipc"})"); },
     {"namespaces.*ipc"}},
    {"NamespaceTypeIsUnknown",
     [](Bundle& b) { append(b, "/linux/namespaces", R"({"type": "nonsense"})"); },
     {"namespaces/5.*nonsense"}},
    {"HostnameWithoutAUtsNamespace",
     [](Bundle& b) { b.remove_namespace("uts"); },
     {"hostname.*uts"}},
    {"HostnameIsTooLong",
     [](Bundle& b) { b.config.set("/hostname", std::string(65, 'x')); },
     {"hostname"}},
    {"MappingsOverlap",
     [](Bundle& b) {
       b.use_user_namespace();
       append(b, "/linux/uidMappings", R"({"containerID": 5, "hostID": 300000, "size": 10})");
     },
     {"uidMappings|uid_map"}},
    {"MappingIsEmpty",
     [](Bundle& b) {
       b.use_user_namespace();
       set(b, "/linux/uidMappings/0/size", "0");
     },
     {"uidMappings|uid_map"}},
    {"UserIsNotMapped",
     [](Bundle& b) {
       b.use_user_namespace();
       set(b, "/process/user", R"({"uid": 70000, "gid": 0})");
     },
     {"uid.*70000"}},
    {"GroupIsNotMapped",
     [](Bundle& b) {
       b.use_user_namespace();
       set(b, "/process/user", R"({"uid": 0, "gid": 0, "additionalGids": [70000]})");
     },
     {"additionalGids|group", "70000"}},
    {"TimeOffsetsWithoutATimeNamespace",
     [](Bundle& b) { set(b, "/linux/timeOffsets", R"({"boottime": {"secs": 1}})"); },
     {"timeOffsets"},
     "it knows no time namespaces"},
    {"TimeOffsetIsOfAnUnknownClock",
     [](Bundle& b) {
       b.set_namespace("time");
       set(b, "/linux/timeOffsets", R"({"realtime": {"secs": 1}})");
     },
     {"timeOffsets.*realtime"}},
    {"SysctlDoesNotExist",
     [](Bundle& b) { set(b, "/linux/sysctl", R"({"net.no.such": "1"})"); },
     {"sysctl.*net.no.such"}},
    {"SysctlHasABadValue",
     [](Bundle& b) { set(b, "/linux/sysctl", R"({"net.ipv4.ip_forward": "forward"})"); },
     {"sysctl.*net.ipv4.ip_forward"}},
};

const Failure kDeviceAndCgroupFailures[] = {
    {"DevicePathIsRelative",
     [](Bundle& b) {
       append(b, "/linux/devices", R"({"path": "dev/x", "type": "c", "major": 1, "minor": 3})");
     },
     {"linux/devices/0/path"},
     "it takes the path as one from the root"},
    {"DeviceIsAnotherFileAlready",
     [](Bundle& b) {
       append(b, "/linux/devices",
              R"({"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3})");
     },
     {"/etc/passwd"},
     "it leaves the file and goes on"},
    {"DeviceTypeIsUnknown",
     [](Bundle& b) {
       append(b, "/linux/devices", R"({"path": "/dev/x", "type": "z", "major": 1, "minor": 3})");
     },
     {"linux/devices/0/type"}},
    {"DeviceHasNoMajor",
     [](Bundle& b) {
       append(b, "/linux/devices", R"({"path": "/dev/x", "type": "c", "minor": 3})");
     },
     {"linux/devices/0/major"},
     "an absent number is 0 there"},
    {"DeviceLiesBelowAFile",
     [](Bundle& b) {
       append(b, "/linux/devices",
              R"({"path": "/etc/passwd/x", "type": "c", "major": 1, "minor": 3})");
     },
     {"/etc/passwd/x"}},
    {"MemoryLimitIsNone",
     [](Bundle& b) { set(b, "/linux/resources/memory", R"({"limit": -2})"); },
     {"memory"}},
    {"SwapIsLessThanTheLimit",
     [](Bundle& b) {
       set(b, "/linux/resources/memory", R"({"limit": 67108864, "swap": 33554432})");
     },
     {"swap|memsw|memory.limit"}},
    {"CpuQuotaIsTooSmall",
     [](Bundle& b) { set(b, "/linux/resources/cpu", R"({"quota": 1, "period": 100000})"); },
     {"cpu"}},
    {"CpuIsNotThere",
     [](Bundle& b) { set(b, "/linux/resources/cpu", R"({"cpus": "4000"})"); },
     {"cpuset.cpus|cpu.cpus"}},
    {"CpuListIsNone",
     [](Bundle& b) { set(b, "/linux/resources/cpu", R"({"cpus": "first"})"); },
     {"cpuset.cpus|cpu.cpus"}},
    {"MemoryNodeIsNotThere",
     [](Bundle& b) { set(b, "/linux/resources/cpu", R"({"mems": "60"})"); },
     {"cpuset.mems|cpu.mems"}},
    {"HugepageSizeIsUnknown",
     [](Bundle& b) {
       append(b, "/linux/resources/hugepageLimits", R"({"pageSize": "3MB", "limit": 3145728})");
     },
     {"3MB"},
     "it skips what the machine's cgroups lack"},
    {"DeviceRuleHasBadAccess",
     [](Bundle& b) {
       append(b, "/linux/resources/devices", R"({"allow": true, "access": "rwx"})");
     },
     {"resources/devices/1/access"},
     "it ignores letters that it does not know"},
    {"DeviceRuleHasABadType",
     [](Bundle& b) { append(b, "/linux/resources/devices", R"({"allow": true, "type": "d"})"); },
     {"resources/devices/1/type"}},
};

const Failure kSeccompFailures[] = {
    {"SeccompActionIsUnknown",
     [](Bundle& b) { set(b, "/linux/seccomp", R"({"defaultAction": "SCMP_ACT_NONSENSE"})"); },
     {"seccomp/defaultAction.*SCMP_ACT_NONSENSE"}},
    {"SeccompHasNoDefault",
     [](Bundle& b) { set(b, "/linux/seccomp", R"({"syscalls": []})"); },
     {"seccomp/defaultAction"},
     "it takes this for no profile"},
    {"SeccompOperatorIsUnknown",
     [](Bundle& b) {
       set(b, "/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
           "names": ["getpid"], "action": "SCMP_ACT_ERRNO",
           "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_NONSENSE"}]}]})");
     },
     {"seccomp/syscalls/0/args/0/op.*SCMP_CMP_NONSENSE"}},
    {"SeccompArgumentIsTheSeventh",
     [](Bundle& b) {
       set(b, "/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
           "names": ["getpid"], "action": "SCMP_ACT_ERRNO",
           "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]})");
     },
     {"seccomp/syscalls/0/args/0/index"}},
    {"SeccompRuleHasNoNames",
     [](Bundle& b) {
       set(b, "/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
           "names": [], "action": "SCMP_ACT_ERRNO"}]})");
     },
     {"seccomp/syscalls/0/names"},
     "it ignores the rule"},
    {"SeccompErrnoForAnActionWithoutOne",
     [](Bundle& b) {
       set(b, "/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
           "names": ["getpid"], "action": "SCMP_ACT_KILL", "errnoRet": 5}]})");
     },
     {"seccomp/syscalls/0.*errnoRet|errnoRet"},
     "it ignores the number"},
    {"SeccompArchitectureIsUnknown",
     [](Bundle& b) {
       set(b, "/linux/seccomp",
           R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PDP11"], "syscalls": [
           {"names": ["getpid"], "action": "SCMP_ACT_ERRNO"}]})");
     },
     {"SCMP_ARCH_PDP11"}},
    {"SeccompFlagIsUnknown",
     [](Bundle& b) {
       set(b, "/linux/seccomp",
           R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NONSENSE"]})");
     },
     {"SECCOMP_FILTER_FLAG_NONSENSE"}},
};

const Failure kDocumentFailures[] = {
    {"VersionIsNone",
     [](Bundle& b) { set(b, "/ociVersion", R"("invalid")"); },
     {"ociVersion.*invalid"},
     "it does not look at the version"},
    {"VersionIsMissing",
     [](Bundle& b) { b.config.remove("/ociVersion"); },
     {"ociVersion"},
     "it does not look at the version"},
    {"VersionIsOfAnotherTime",
     [](Bundle& b) { set(b, "/ociVersion", R"("7.0.0")"); },
     {"ociVersion.*7.0.0"},
     "it does not look at the version"},
    {"ProcessIsAText", [](Bundle& b) { set(b, "/process", R"("sh")"); }, {"/process"}},
    {"MountsAreAnObject", [](Bundle& b) { set(b, "/mounts", "{}"); }, {"/mounts"}},
    {"HookPathIsRelative",
     [](Bundle& b) { append(b, "/hooks/createRuntime", R"({"path": "bin/true"})"); },
     {"hooks/createRuntime/0/path"}},
    {"HookTimeoutIsZero",
     [](Bundle& b) { append(b, "/hooks/poststop", R"({"path": "/bin/true", "timeout": 0})"); },
     {"hooks/poststop/0/timeout"},
     "it takes it for no timeout"},
    {"AnnotationIsANumber",
     [](Bundle& b) { set(b, "/annotations", R"({"key": 1})"); },
     {"annotations/key"}},
};

class Failures : public SystemTest, public ::testing::WithParamInterface<Failure> {
 protected:
  void expect_words(const Outcome& outcome) {
    for (const char* words : GetParam().words) EXPECT_TRUE(fails_with(outcome, words));
  }
};

std::string row_name(const ::testing::TestParamInfo<Failure>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(Mount, Failures, ::testing::ValuesIn(kMountFailures), row_name);
INSTANTIATE_TEST_SUITE_P(Program, Failures, ::testing::ValuesIn(kProgramFailures), row_name);
INSTANTIATE_TEST_SUITE_P(Namespace, Failures, ::testing::ValuesIn(kNamespaceFailures), row_name);
INSTANTIATE_TEST_SUITE_P(Device, Failures, ::testing::ValuesIn(kDeviceAndCgroupFailures), row_name);
INSTANTIATE_TEST_SUITE_P(Seccomp, Failures, ::testing::ValuesIn(kSeccompFailures), row_name);
INSTANTIATE_TEST_SUITE_P(Document, Failures, ::testing::ValuesIn(kDocumentFailures), row_name);

TEST_P(Failures, OfCreateAndStartLeaveNothing) {
  if (GetParam().runc_gap != nullptr) KNOWN_GAP(kRunc, GetParam().runc_gap);
  box.bundle.set_command({"exit", "0"});
  GetParam().break_it(box.bundle);
  Outcome outcome = box.create();
  const bool created = outcome.code == 0;
  if (created) outcome = box.start();
  expect_words(outcome);
  if (created) {
    EXPECT_TRUE(succeeds(box.remove_by_force()));
  }
  EXPECT_EQ(box.status(), "");
  expect_nothing_left();
}

TEST_P(Failures, OfRunLeaveNothing) {
  if (GetParam().runc_gap != nullptr) KNOWN_GAP(kRunc, GetParam().runc_gap);
  box.bundle.set_command({"exit", "0"});
  GetParam().break_it(box.bundle);
  expect_words(box.run());
  EXPECT_EQ(box.status(), "");
  expect_nothing_left();
}

}  // namespace
}  // namespace gocker::test
