#include "oci-spec/runtime_spec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/oci-spec/refusal.h"

namespace oci {
namespace {

using nlohmann::json;
using testing::TestWithParam;
using testing::ValuesIn;

// Every field of the specification for Linux, none with the value it has when it is absent.
constexpr std::string_view kEverything = R"({
  "ociVersion": "1.3.0",
  "process": {
    "terminal": true,
    "consoleSize": {"height": 24, "width": 65535},
    "user": {"uid": 1000, "gid": 4294967294, "umask": 18, "additionalGids": [5, 6]},
    "args": ["/bin/serve", "", "--name=\u00e9"],
    "env": ["PATH=/bin", "EMPTY="],
    "cwd": "/srv",
    "capabilities": {
      "bounding": ["CAP_KILL", "CAP_CHOWN"],
      "effective": ["CAP_KILL"],
      "inheritable": ["CAP_FOWNER"],
      "permitted": ["CAP_KILL", "CAP_FOWNER"],
      "ambient": ["CAP_MKNOD"]
    },
    "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615}],
    "noNewPrivileges": true,
    "apparmorProfile": "some-profile",
    "oomScoreAdj": -500,
    "scheduler": {
      "policy": "SCHED_DEADLINE", "nice": -3, "priority": 7, "flags": ["SCHED_FLAG_RECLAIM"],
      "runtime": 10000000, "deadline": 30000000, "period": 40000000
    },
    "selinuxLabel": "system_u:system_r:container_t:s0",
    "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 5},
    "execCPUAffinity": {"initial": "0-1", "final": "1"}
  },
  "root": {"path": "rootfs", "readonly": true},
  "hostname": "a-host",
  "domainname": "example.org",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {
      "destination": "/data", "type": "none", "source": "/srv/data", "options": ["rbind", "idmap"],
      "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
      "gidMappings": [{"containerID": 1, "hostID": 2000, "size": 20}]
    }
  ],
  "hooks": {
    "prestart": [{"path": "/h/0", "args": ["0", "x"], "env": ["A=1"], "timeout": 30}],
    "createRuntime": [{"path": "/h/1"}],
    "createContainer": [{"path": "/h/2"}],
    "startContainer": [{"path": "/h/3"}],
    "poststart": [{"path": "/h/4"}],
    "poststop": [{"path": "/h/5"}, {"path": "/h/6"}]
  },
  "annotations": {"org.example/a": "1", "org.example/b": ""},
  "linux": {
    "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
    "gidMappings": [{"containerID": 2, "hostID": 200000, "size": 65535}],
    "sysctl": {"net.ipv4.ip_forward": "1"},
    "resources": {
      "devices": [
        {"allow": false, "access": "rwm"},
        {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"},
        {"allow": true, "type": "b", "major": 8}
      ],
      "memory": {
        "limit": 536870912, "reservation": 268435456, "swap": -1, "kernel": -1, "kernelTCP": 1048576,
        "swappiness": 60, "disableOOMKiller": true, "useHierarchy": true, "checkBeforeUpdate": true
      },
      "cpu": {
        "shares": 1024, "quota": -1, "burst": 1000, "period": 100000, "realtimeRuntime": 950000,
        "realtimePeriod": 1000000, "cpus": "0-1", "mems": "0", "idle": 1
      },
      "pids": {"limit": 100},
      "blockIO": {
        "weight": 500, "leafWeight": 300,
        "weightDevice": [{"major": 8, "minor": 16, "weight": 400, "leafWeight": 200}],
        "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}],
        "throttleWriteBpsDevice": [{"major": 8, "minor": 1, "rate": 601}],
        "throttleReadIOPSDevice": [{"major": 8, "minor": 2, "rate": 602}],
        "throttleWriteIOPSDevice": [{"major": 8, "minor": 3, "rate": 603}]
      },
      "hugepageLimits": [{"pageSize": "2MB", "limit": 209715200}],
      "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 500}]},
      "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}},
      "unified": {"memory.high": "300M"}
    },
    "cgroupsPath": "/some/where",
    "namespaces": [
      {"type": "pid"}, {"type": "network", "path": "/run/netns/a"}, {"type": "mount"},
      {"type": "ipc"}, {"type": "uts"}, {"type": "user"}, {"type": "cgroup"}, {"type": "time"}
    ],
    "devices": [
      {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438, "uid": 1,
       "gid": 2},
      {"path": "/dev/pipe", "type": "p"}
    ],
    "netDevices": {"eth1": {"name": "inner0"}},
    "seccomp": {
      "defaultAction": "SCMP_ACT_ERRNO",
      "defaultErrnoRet": 38,
      "architectures": ["SCMP_ARCH_X86_64"],
      "flags": ["SECCOMP_FILTER_FLAG_LOG"],
      "listenerPath": "/run/agent.sock",
      "listenerMetadata": "m",
      "syscalls": [
        {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["clone"], "action": "SCMP_ACT_TRACE", "errnoRet": 1,
         "args": [{"index": 5, "value": 18446744073709551615, "valueTwo": 3,
                   "op": "SCMP_CMP_MASKED_EQ"}]}
      ]
    },
    "rootfsPropagation": "rslave",
    "maskedPaths": ["/proc/kcore"],
    "readonlyPaths": ["/proc/sys"],
    "mountLabel": "system_u:object_r:container_file_t:s0",
    "intelRdt": {
      "closID": "group", "schemata": ["L3:0=f"], "l3CacheSchema": "L3:0=7f", "memBwSchema": "MB:0=20",
      "enableMonitoring": true
    },
    "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0-1", "flags": ["MPOL_F_STATIC_NODES"]},
    "personality": {"domain": "LINUX32", "flags": ["x"]},
    "timeOffsets": {"monotonic": {"secs": -5, "nanosecs": 999999999}}
  }
})";

Spec parse(std::string_view text) {
  return parse_spec(text, "config.json");
}

std::string refused(const json& document) {
  return refusal([&] { parse(document.dump()); });
}

// The pointers of all values inside `value`, the document itself left out.
void collect(const json& value, const json::json_pointer& at,
             std::vector<json::json_pointer>& pointers) {
  if (!value.is_structured()) return;
  for (const auto& [name, member] : value.items()) {
    const json::json_pointer inside = value.is_array() ? at / std::stoul(name) : at / name;
    pointers.push_back(inside);
    collect(member, inside, pointers);
  }
}

std::vector<json::json_pointer> all_pointers() {
  std::vector<json::json_pointer> pointers;
  collect(json::parse(kEverything), json::json_pointer(), pointers);
  return pointers;
}

// Objects whose names are data.
bool is_map(const std::string& name) {
  return name == "annotations" || name == "sysctl" || name == "unified" || name == "rdma" ||
         name == "netDevices" || name == "timeOffsets";
}

// --- every field ---------------------------------------------------------------------------------

TEST(Spec, LosesNothingFromReadingToWriting) {
  EXPECT_EQ(json::parse(to_json(parse(kEverything))), json::parse(kEverything));
}

TEST(Spec, RefusesAnotherTypeInEveryField) {
  for (const auto& pointer : all_pointers()) {
    json document = json::parse(kEverything);
    json& value = document[pointer];
    if (value.is_object()) {
      value = json::array();
    } else if (value.is_array()) {
      value = json::object();
    } else if (value.is_string()) {
      value = 7;
    } else if (value.is_boolean()) {
      value = 1;
    } else {
      value = "7";
    }
    EXPECT_TRUE(refused(document).starts_with("config.json: " + pointer.to_string() + ": must be "))
        << pointer << ": " << refused(document);
  }
}

// What reading makes of a document: its text again, or the refusal.
std::string outcome(const json& document) {
  const std::string error = refused(document);
  return error == "nothing was refused" ? to_json(parse(document.dump())) : error;
}

TEST(Spec, TakesNullForAbsentInEveryField) {
  for (const auto& pointer : all_pointers()) {
    const json::json_pointer parent = pointer.parent_pointer();
    if (!parent.empty() && is_map(parent.back())) continue;  // a map's values are no fields
    json with_null = json::parse(kEverything);
    json without = with_null;
    if (!without[parent].is_object()) continue;
    with_null[pointer] = nullptr;
    without[parent].erase(pointer.back());
    EXPECT_EQ(outcome(with_null), outcome(without)) << pointer;
  }
}

TEST(Spec, IgnoresUnknownFieldsEverywhere) {
  const std::string expected = to_json(parse(kEverything));
  for (const auto& pointer : all_pointers()) {
    json document = json::parse(kEverything);
    json& value = document[pointer];
    if (!value.is_object() || is_map(pointer.back())) continue;
    value["x-unknown"] = {{"a", {1, nullptr, "\u0000"}}};
    EXPECT_EQ(to_json(parse(document.dump())), expected) << pointer;
  }
}

TEST(Spec, ReadsEveryFieldIntoItsPlace) {
  const Spec spec = parse(kEverything);
  const Process& process = spec.process.value();
  EXPECT_EQ(process.console_size.value().width, 65535);
  EXPECT_EQ(process.user.gid, 4294967294u);
  EXPECT_EQ(process.user.umask, 18u);
  EXPECT_EQ(process.args, (std::vector<std::string>{"/bin/serve", "", "--name=\u00e9"}));
  EXPECT_EQ(process.capabilities.value().inheritable, std::vector<std::string>{"CAP_FOWNER"});
  EXPECT_EQ(process.capabilities.value().ambient, std::vector<std::string>{"CAP_MKNOD"});
  EXPECT_EQ(process.rlimits.at(0).soft, 1024u);
  EXPECT_EQ(process.rlimits.at(0).hard, 18446744073709551615u);
  EXPECT_EQ(process.oom_score_adj, -500);
  EXPECT_EQ(spec.mounts.at(1).gid_mappings, (std::vector<IdMapping>{{1, 2000, 20}}));
  EXPECT_EQ(spec.hooks.prestart.at(0).timeout, 30u);
  EXPECT_EQ(spec.hooks.poststop.size(), 2u);

  const Resources& resources = spec.linux_.resources.value();
  EXPECT_EQ(resources.pids_limit, 100);
  EXPECT_EQ(resources.memory.value().swap, -1);
  EXPECT_EQ(resources.cpu.value().quota, -1);
  EXPECT_EQ(resources.block_io.value().throttle_write_iops_device.at(0).rate, 603u);
  EXPECT_EQ(resources.devices.at(0).type, 'a');
  EXPECT_EQ(resources.devices.at(2).major, 8u);
  EXPECT_EQ(resources.devices.at(2).minor, std::nullopt);

  const SeccompArg& arg = spec.linux_.seccomp.value().syscalls.at(1).args.at(0);
  EXPECT_EQ(arg.value, 18446744073709551615u);
  EXPECT_EQ(arg.value_two, 3u);
  EXPECT_EQ(arg.op, SeccompOperator::masked_eq);
  EXPECT_EQ(spec.linux_.seccomp.value().syscalls.at(1).action, SeccompAction::trace);
  EXPECT_EQ(spec.linux_.time_offsets.at("monotonic").secs, -5);
  EXPECT_EQ(spec.linux_.devices.at(1).type, 'p');
}

// --- values that are refused ---------------------------------------------------------------------

struct Refused {
  std::string name;
  std::string pointer;  // where kEverything is changed
  std::string value;    // what is put there, as JSON
  std::string error;    // what the error says behind the file and the pointer
  friend std::ostream& operator<<(std::ostream& out, const Refused& shown) {
    return out << shown.name;
  }
};

class RefusedValue : public TestWithParam<Refused> {};

TEST_P(RefusedValue, IsNamedWithItsPath) {
  json document = json::parse(kEverything);
  document[json::json_pointer(GetParam().pointer)] = json::parse(GetParam().value);
  EXPECT_EQ(refused(document), "config.json: " + GetParam().pointer + ": " + GetParam().error);
}

const std::vector<Refused> kRefused = {
    {"UidMinusFive", "/process/user/uid", "-5", "must be an integer from 0 to 4294967294, not -5"},
    {"UidOfNobodyAtAll", "/process/user/uid", "4294967295",
     "must be an integer from 0 to 4294967294, not 4294967295"},
    {"UidPast32Bits", "/process/user/uid", "4294967296",
     "must be an integer from 0 to 4294967294, not 4294967296"},
    {"GidAsText", "/process/user/gid", "\"0\"",
     "must be an integer from 0 to 4294967294, not \"0\""},
    {"AdditionalGid", "/process/user/additionalGids/1", "4294967295",
     "must be an integer from 0 to 4294967294, not 4294967295"},
    {"Umask", "/process/user/umask", "512", "must be an integer from 0 to 511, not 512"},
    {"ConsoleTooWide", "/process/consoleSize/width", "65536",
     "must be an integer from 0 to 65535, not 65536"},
    {"RlimitNegative", "/process/rlimits/0/soft", "-1",
     "must be an integer from 0 to 18446744073709551615, not -1"},
    {"OomScoreTooLow", "/process/oomScoreAdj", "-1001",
     "must be an integer from -1000 to 1000, not -1001"},
    {"OomScoreTooHigh", "/process/oomScoreAdj", "1001",
     "must be an integer from -1000 to 1000, not 1001"},
    {"Nice", "/process/scheduler/nice", "20", "must be an integer from -20 to 19, not 20"},
    {"SchedulerPriority", "/process/scheduler/priority", "100",
     "must be an integer from 0 to 99, not 100"},
    {"IoPriority", "/process/ioPriority/priority", "8", "must be an integer from 0 to 7, not 8"},
    {"HookTimeoutZero", "/hooks/prestart/0/timeout", "0",
     "must be an integer from 1 to 2147483647, not 0"},
    {"HookTimeoutNegative", "/hooks/prestart/0/timeout", "-1",
     "must be an integer from 1 to 2147483647, not -1"},
    {"EmptyDestination", "/mounts/0/destination", "\"\"", "must not be empty"},
    {"NamespaceType", "/linux/namespaces/0/type", "\"mnt\"",
     "must be one of pid, network, mount, ipc, uts, user, cgroup, time, not \"mnt\""},
    {"DeviceType", "/linux/devices/0/type", "\"x\"", "must be one of b, c, u, p, not \"x\""},
    {"DeviceMajor", "/linux/devices/0/major", "4096",
     "must be an integer from 0 to 4095, not 4096"},
    {"DeviceMinor", "/linux/devices/0/minor", "1048576",
     "must be an integer from 0 to 1048575, not 1048576"},
    {"DeviceOwner", "/linux/devices/0/uid", "4294967295",
     "must be an integer from 0 to 4294967294, not 4294967295"},
    {"RuleType", "/linux/resources/devices/1/type", "\"u\"", "must be one of a, b, c, not \"u\""},
    {"RuleTypeWord", "/linux/resources/devices/1/type", "\"char\"",
     "must be one of a, b, c, not \"char\""},
    {"RuleMajor", "/linux/resources/devices/1/major", "-2",
     "must be an integer from -1 to 4294967295, not -2"},
    {"RuleAccess", "/linux/resources/devices/1/access", "\"rx\"",
     "must be made of the letters r, w and m, not \"rx\""},
    {"MemoryLimit", "/linux/resources/memory/limit", "-2",
     "must be an integer from -1 to 9223372036854775807, not -2"},
    {"Swappiness", "/linux/resources/memory/swappiness", "101",
     "must be an integer from 0 to 100, not 101"},
    {"BlockWeight", "/linux/resources/blockIO/weight", "65536",
     "must be an integer from 0 to 65535, not 65536"},
    {"BlockWeightOfNothing", "/linux/resources/blockIO/weightDevice/0",
     R"({"major": 1, "minor": 2})", "must have a weight, a leafWeight or both"},
    {"PageSizeWithPath", "/linux/resources/hugepageLimits/0/pageSize", "\"../2MB\"",
     "must be a size such as 64KB, 2MB or 1GB, not \"../2MB\""},
    {"PageSizeWithoutUnit", "/linux/resources/hugepageLimits/0/pageSize", "\"2048\"",
     "must be a size such as 64KB, 2MB or 1GB, not \"2048\""},
    {"PageSizeWithoutNumber", "/linux/resources/hugepageLimits/0/pageSize", "\"MB\"",
     "must be a size such as 64KB, 2MB or 1GB, not \"MB\""},
    {"RdmaOfNothing", "/linux/resources/rdma/mlx5_1", "{}",
     "must have hcaHandles, hcaObjects or both"},
    {"UnifiedOutside", "/linux/resources/unified", R"({"../x/memory.max": "1"})",
     "\"../x/memory.max\" is no name of a cgroup file"},
    {"UnifiedParent", "/linux/resources/unified", R"({"..": "1"})",
     "\"..\" is no name of a cgroup file"},
    {"UnifiedEmpty", "/linux/resources/unified", R"({"": "1"})",
     "\"\" is no name of a cgroup file"},
    {"SeccompAction", "/linux/seccomp/defaultAction", "\"ALLOW\"",
     "must be one of SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, "
     "SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY, not "
     "\"ALLOW\""},
    {"SeccompOperator", "/linux/seccomp/syscalls/1/args/0/op", "\"EQ\"",
     "must be one of SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, "
     "SCMP_CMP_MASKED_EQ, not \"EQ\""},
    {"SeccompArgument", "/linux/seccomp/syscalls/1/args/0/index", "6",
     "must be an integer from 0 to 5, not 6"},
    {"SeccompNoNames", "/linux/seccomp/syscalls/0/names", "[]", "must have at least one entry"},
    {"Nanoseconds", "/linux/timeOffsets/monotonic/nanosecs", "1000000000",
     "must be an integer from 0 to 999999999, not 1000000000"},
    {"MappingOfNobodyAtAll", "/linux/uidMappings/0/hostID", "4294967295",
     "must be an integer from 0 to 4294967294, not 4294967295"},
};

INSTANTIATE_TEST_SUITE_P(All, RefusedValue, ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

TEST(Spec, RequiresWhatTheSpecificationRequires) {
  for (const std::string pointer : {"/ociVersion",
                                    "/root/path",
                                    "/process/cwd",
                                    "/process/user/uid",
                                    "/process/user/gid",
                                    "/process/rlimits/0/type",
                                    "/process/rlimits/0/soft",
                                    "/process/rlimits/0/hard",
                                    "/process/scheduler/policy",
                                    "/process/ioPriority/class",
                                    "/process/consoleSize/height",
                                    "/mounts/0/destination",
                                    "/mounts/1/uidMappings/0/size",
                                    "/hooks/poststop/1/path",
                                    "/linux/namespaces/0/type",
                                    "/linux/devices/0/path",
                                    "/linux/devices/0/type",
                                    "/linux/devices/0/major",
                                    "/linux/devices/0/minor",
                                    "/linux/uidMappings/0/containerID",
                                    "/linux/gidMappings/0/hostID",
                                    "/linux/resources/devices/0/allow",
                                    "/linux/resources/hugepageLimits/0/pageSize",
                                    "/linux/resources/blockIO/throttleReadBpsDevice/0/rate",
                                    "/linux/resources/network/priorities/0/priority",
                                    "/linux/seccomp/defaultAction",
                                    "/linux/seccomp/syscalls/0/names",
                                    "/linux/seccomp/syscalls/0/action",
                                    "/linux/seccomp/syscalls/1/args/0/op",
                                    "/linux/memoryPolicy/mode",
                                    "/linux/personality/domain"}) {
    json document = json::parse(kEverything);
    const json::json_pointer at(pointer);
    document[at.parent_pointer()].erase(at.back());
    EXPECT_EQ(refused(document), "config.json: " + pointer + ": is required");
  }
}

// --- what engines write --------------------------------------------------------------------------

TEST(Spec, TakesTheLeastThatIsValid) {
  const Spec spec = parse(R"({"ociVersion": "1.0.0", "root": {"path": "rootfs"}})");
  EXPECT_EQ(spec.process.has_value(), false);
  EXPECT_EQ(spec.root.value().readonly, false);
  EXPECT_TRUE(spec.linux_.namespaces.empty());
  EXPECT_EQ(spec.linux_.find_namespace(NamespaceType::pid), nullptr);
}

TEST(Spec, ReadsARelativeDestinationFromTheRoot) {
  const Spec spec = parse(R"({"ociVersion": "1.0.0", "mounts": [{"destination": "var/data"}]})");
  EXPECT_EQ(spec.mounts.at(0).destination, "/var/data");
}

TEST(Spec, IgnoresTheConsoleSizeWithoutATerminal) {
  const Spec spec = parse(
      R"({"ociVersion": "1.0.0",
          "process": {"cwd": "/", "terminal": false, "consoleSize": {"height": 70000}}})");
  EXPECT_EQ(spec.process.value().console_size.has_value(), false);
}

TEST(Spec, IgnoresOtherPlatforms) {
  EXPECT_NO_THROW(parse(
      R"({"ociVersion": "1.0.0", "windows": {"layerFolders": 1}, "vm": [], "solaris": "x"})"));
}

TEST(Spec, KeepsOnlyThePermissionsOfADevicesFileMode) {
  const Spec spec = parse(R"({"ociVersion": "1.0.0", "linux": {"devices": [
      {"path": "/dev/a", "type": "c", "major": 1, "minor": 3, "fileMode": 8630}]}})");
  EXPECT_EQ(spec.linux_.devices.at(0).file_mode, 0666u);
}

TEST(Spec, TellsAnEmptyListFromNone) {
  const auto schemata = [](std::string_view rdt) {
    return parse(R"({"ociVersion": "1.0.0", "linux": {"intelRdt": )" + std::string(rdt) + "}}")
        .linux_.intel_rdt.value()
        .schemata;
  };
  EXPECT_EQ(schemata("{}"), std::nullopt);
  EXPECT_EQ(schemata(R"({"schemata": []})"), std::vector<std::string>());
}

TEST(Spec, NamesTheFileInErrorsOfSyntax) {
  EXPECT_EQ(refusal([] { parse_spec("{", "/b/config.json"); }),
            "/b/config.json: line 1, column 2: expected a name in quotes, not the end");
}

TEST(Resources, TakesEveryWayToSayAllDevices) {
  for (const std::string rule :
       {R"({"allow": true})", R"({"allow": true, "type": ""})", R"({"allow": true, "type": "a"})",
        R"({"allow": true, "type": "a", "major": -1, "minor": -1})",
        R"({"allow": true, "type": null, "major": null, "minor": null, "access": null})"}) {
    const Resources resources = parse_resources("{\"devices\": [" + rule + "]}", "r.json");
    const DeviceRule& parsed = resources.devices.at(0);
    EXPECT_TRUE(parsed.allow);
    EXPECT_EQ(parsed.type, 'a') << rule;
    EXPECT_EQ(parsed.major, std::nullopt) << rule;
    EXPECT_EQ(parsed.minor, std::nullopt) << rule;
    EXPECT_EQ(parsed.access, "") << rule;
  }
}

TEST(Resources, ReadsAnUpdateWithZeroAndNullFields) {
  const Resources resources = parse_resources(
      R"({"devices": null, "memory": {"limit": 134217728, "reservation": 0, "kernel": 0},
          "cpu": {"shares": 0, "quota": 25000, "period": 100000, "cpus": ""},
          "pids": {"limit": 0}, "blockIO": {"weight": 0, "weightDevice": null},
          "hugepageLimits": null, "network": null, "unified": null})",
      "r.json");
  EXPECT_EQ(resources.memory.value().limit, 134217728);
  EXPECT_EQ(resources.memory.value().reservation, 0);
  EXPECT_EQ(resources.memory.value().swap, std::nullopt);
  EXPECT_EQ(resources.cpu.value().shares, 0u);
  EXPECT_EQ(resources.pids_limit, 0);
  EXPECT_EQ(resources.block_io.value().weight, 0);
  EXPECT_EQ(resources.network.has_value(), false);
}

TEST(Resources, TakesNoPidsLimitFromAnEmptyObject) {
  EXPECT_EQ(parse_resources(R"({"pids": {}})", "r.json").pids_limit, std::nullopt);
}

TEST(Resources, TakesMinusOneOfSwappinessForUnset) {
  const Resources resources =
      parse_resources(R"({"memory": {"swappiness": 18446744073709551615}})", "r.json");
  EXPECT_EQ(resources.memory.value().swappiness, std::nullopt);
}

TEST(Resources, NamesItsOwnFileAndPath) {
  EXPECT_EQ(refusal([] { parse_resources(R"({"cpu": {"shares": -1}})", "r.json"); }),
            "r.json: /cpu/shares: must be an integer from 0 to 18446744073709551615, not -1");
}

TEST(Process, IsReadOnItsOwn) {
  const Process process = parse_process(
      R"({"user": {"uid": 5, "gid": 6}, "args": ["id"], "env": null, "cwd": "/tmp",
          "capabilities": {"bounding": null}})",
      "p.json");
  EXPECT_EQ(process.user.uid, 5u);
  EXPECT_EQ(process.args, std::vector<std::string>{"id"});
  EXPECT_TRUE(process.capabilities.has_value());
  EXPECT_EQ(refusal([] { parse_process("{}", "p.json"); }), "p.json: /cwd: is required");
}

TEST(Process, LosesNothingFromReadingToWriting) {
  const json process = json::parse(kEverything)["process"];
  EXPECT_EQ(json::parse(to_json(parse_process(process.dump(), "p.json"))), process);
}

// --- names ---------------------------------------------------------------------------------------

TEST(Names, AreThoseOfTheSpecification) {
  EXPECT_EQ(name_of(NamespaceType::pid), "pid");
  EXPECT_EQ(name_of(NamespaceType::network), "network");
  EXPECT_EQ(name_of(NamespaceType::mount), "mount");
  EXPECT_EQ(name_of(NamespaceType::ipc), "ipc");
  EXPECT_EQ(name_of(NamespaceType::uts), "uts");
  EXPECT_EQ(name_of(NamespaceType::user), "user");
  EXPECT_EQ(name_of(NamespaceType::cgroup), "cgroup");
  EXPECT_EQ(name_of(NamespaceType::time), "time");
  EXPECT_EQ(name_of(SeccompAction::kill), "SCMP_ACT_KILL");
  EXPECT_EQ(name_of(SeccompAction::kill_process), "SCMP_ACT_KILL_PROCESS");
  EXPECT_EQ(name_of(SeccompAction::kill_thread), "SCMP_ACT_KILL_THREAD");
  EXPECT_EQ(name_of(SeccompAction::trap), "SCMP_ACT_TRAP");
  EXPECT_EQ(name_of(SeccompAction::error), "SCMP_ACT_ERRNO");
  EXPECT_EQ(name_of(SeccompAction::trace), "SCMP_ACT_TRACE");
  EXPECT_EQ(name_of(SeccompAction::allow), "SCMP_ACT_ALLOW");
  EXPECT_EQ(name_of(SeccompAction::log), "SCMP_ACT_LOG");
  EXPECT_EQ(name_of(SeccompAction::notify), "SCMP_ACT_NOTIFY");
  EXPECT_EQ(name_of(SeccompOperator::ne), "SCMP_CMP_NE");
  EXPECT_EQ(name_of(SeccompOperator::lt), "SCMP_CMP_LT");
  EXPECT_EQ(name_of(SeccompOperator::le), "SCMP_CMP_LE");
  EXPECT_EQ(name_of(SeccompOperator::eq), "SCMP_CMP_EQ");
  EXPECT_EQ(name_of(SeccompOperator::ge), "SCMP_CMP_GE");
  EXPECT_EQ(name_of(SeccompOperator::gt), "SCMP_CMP_GT");
  EXPECT_EQ(name_of(SeccompOperator::masked_eq), "SCMP_CMP_MASKED_EQ");
}

TEST(Linux, FindsTheNamespaceOfAType) {
  const Spec spec = parse(kEverything);
  const Namespace* network = spec.linux_.find_namespace(NamespaceType::network);
  ASSERT_NE(network, nullptr);
  EXPECT_EQ(network->path, "/run/netns/a");
}

// --- writing -------------------------------------------------------------------------------------

TEST(Spec, RefusesToWriteWhatJsonCannotHold) {
  Spec spec = default_spec();
  spec.process->args = {"\xff"};
  EXPECT_EQ(refusal([&] { to_json(spec); }), "config.json: /: holds a text that is not UTF-8");
}

std::optional<int64_t> pids_limit_of(const std::string& version, const std::string& limit) {
  const std::string text = R"({"ociVersion": ")" + version +
                           R"(", "linux": {"resources": {"pids": {"limit": )" + limit + "}}}}";
  return parse_spec(text, "config.json").linux_.resources->pids_limit;
}

TEST(PidsLimit, OfZeroIsNoLimitBeforeVersion13) {
  EXPECT_EQ(pids_limit_of("1.0.2-dev", "0"), -1);
  EXPECT_EQ(pids_limit_of("1.2.1", "0"), -1);
  EXPECT_EQ(pids_limit_of("1.3.0", "0"), 0);
  EXPECT_EQ(pids_limit_of("1.0.2", "7"), 7);
}

}  // namespace
}  // namespace oci
