#include <gtest/gtest.h>

#include "tests/unit/oci-spec/rule.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

class LinuxRule : public TestWithParam<Case> {};
TEST_P(LinuxRule, Holds) {
  expect_rule(GetParam());
}

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
INSTANTIATE_TEST_SUITE_P(Namespaces, LinuxRule, ValuesIn(kNamespaceCases), named);

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
INSTANTIATE_TEST_SUITE_P(Linux, LinuxRule, ValuesIn(kLinuxCases), named);

}  // namespace
}  // namespace oci
