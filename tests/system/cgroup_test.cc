// Control groups (config-linux.md, "Control groups"): the limits are read from the host's side.
// Each is known by its cgroup v1 file and its cgroup v2 file; whichever the machine has is looked
// at.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

std::string all_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Cgroup : public SystemTest {
 protected:
  void start_box() {
    box.bundle.set_command({"sleep"});
    const Outcome outcome = box.run({"--detach"});
    ASSERT_TRUE(succeeds(outcome));
  }
  std::string group_of(const std::string& controller) const {
    return cgroup_directory(controller, box.cgroups_path());
  }
};

struct Limit {
  const char* name;
  const char* resources;  // JSON of linux.resources
  const char* controller;
  const char* file;  // cgroup v1
  const char* value;
  const char* unified_file;
  const char* unified_value;
};

std::ostream& operator<<(std::ostream& stream, const Limit& limit) {
  return stream << limit.name;
}

constexpr Limit kLimits[] = {
    {"MemoryLimit", R"({"memory": {"limit": 67108864}})", "memory", "memory.limit_in_bytes",
     "67108864", "memory.max", "67108864"},
    {"MemoryReservation", R"({"memory": {"reservation": 33554432}})", "memory",
     "memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432"},
    {"MemorySwap", R"({"memory": {"limit": 67108864, "swap": 134217728}})", "memory",
     "memory.memsw.limit_in_bytes", "134217728", "memory.swap.max", "67108864"},
    {"MemorySwapEqualToTheLimit", R"({"memory": {"limit": 67108864, "swap": 67108864}})", "memory",
     "memory.memsw.limit_in_bytes", "67108864", "memory.swap.max", "0"},
    {"MemorySwappiness", R"({"memory": {"limit": 67108864, "swappiness": 10}})", "memory",
     "memory.swappiness", "10", nullptr, nullptr},
    {"OomKillerOff", R"({"memory": {"limit": 67108864, "disableOOMKiller": true}})", "memory",
     "memory.oom_control", "oom_kill_disable 1", nullptr, nullptr},
    {"UnlimitedMemory", R"({"memory": {"limit": -1}})", "memory", "memory.limit_in_bytes",
     "9223372036854771712", "memory.max", "max"},
    {"CpuShares", R"({"cpu": {"shares": 512}})", "cpu", "cpu.shares", "512", "cpu.weight", nullptr},
    {"CpuQuota", R"({"cpu": {"quota": 25000, "period": 50000}})", "cpu", "cpu.cfs_quota_us",
     "25000", "cpu.max", "25000 50000"},
    {"CpuPeriod", R"({"cpu": {"quota": 25000, "period": 50000}})", "cpu", "cpu.cfs_period_us",
     "50000", "cpu.max", "25000 50000"},
    {"CpuQuotaWithoutPeriod", R"({"cpu": {"quota": 30000}})", "cpu", "cpu.cfs_quota_us", "30000",
     "cpu.max", "30000 100000"},
    {"UnlimitedCpu", R"({"cpu": {"quota": -1}})", "cpu", "cpu.cfs_quota_us", "-1", "cpu.max",
     "max 100000"},
    {"CpuBurst", R"({"cpu": {"quota": 25000, "period": 50000, "burst": 10000}})", "cpu",
     "cpu.cfs_burst_us", "10000", "cpu.max.burst", "10000"},
    {"CpuIdle", R"({"cpu": {"idle": 1}})", "cpu", "cpu.idle", "1", "cpu.idle", "1"},
    {"CpusetCpus", R"({"cpu": {"cpus": "1"}})", "cpuset", "cpuset.cpus", "1", "cpuset.cpus", "1"},
    {"CpusetMems", R"({"cpu": {"mems": "0"}})", "cpuset", "cpuset.mems", "0", "cpuset.mems", "0"},
    {"PidsLimit", R"({"pids": {"limit": 17}})", "pids", "pids.max", "17", "pids.max", "17"},
    {"UnlimitedPids", R"({"pids": {"limit": -1}})", "pids", "pids.max", "max", "pids.max", "max"},
};

class EachLimit : public Cgroup, public ::testing::WithParamInterface<Limit> {};
INSTANTIATE_TEST_SUITE_P(Cgroup, EachLimit, ::testing::ValuesIn(kLimits),
                         [](const ::testing::TestParamInfo<Limit>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(EachLimit, IsSeenFromTheHost) {
  const Limit& limit = GetParam();
  const char* file = cgroups_are_unified() ? limit.unified_file : limit.file;
  const char* value = cgroups_are_unified() ? limit.unified_value : limit.value;
  const std::string directory = group_of(limit.controller);
  if (directory.empty() || file == nullptr || value == nullptr) {
    GTEST_SKIP() << "nothing like it in this machine's cgroups";
  }
  const bool burst_or_idle =
      std::string(limit.name) == "CpuBurst" || std::string(limit.name) == "CpuIdle";
  if (burst_or_idle) KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/resources", Value::parse(limit.resources));
  start_box();
  EXPECT_EQ(first_line(directory + "/" + file), value);
}

TEST_F(Cgroup, ProcessIsInItInEveryHierarchy) {
  start_box();
  const std::string pid = std::to_string(box.pid());
  std::ifstream lines("/proc/" + pid + "/cgroup");
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    if (line.starts_with("0::") != cgroups_are_unified()) continue;
    // "7:blkio:/gk1"; nobody can make groups in one that is mounted nowhere.
    const size_t colon = line.find(':') + 1;
    std::string hierarchy = line.substr(colon, line.find(':', colon) - colon);
    if (hierarchy.starts_with("name=")) hierarchy.erase(0, 5);
    if (!cgroups_are_unified() && !has_controller(hierarchy)) continue;
    EXPECT_TRUE(line.ends_with(box.cgroups_path())) << line;
  }
  EXPECT_GT(count, 0U);
}

TEST_F(Cgroup, CreatedProcessIsInItAlready) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_EQ(all_of(group_of("memory") + "/cgroup.procs"), std::to_string(box.pid()) + "\n");
}

TEST_F(Cgroup, AbsolutePathStartsAtTheRootOfTheHierarchy) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  box.config().set("/linux/cgroupsPath", box.cgroups_path() + "/nested/deep");
  start_box();
  const std::string directory = cgroup_directory("memory", box.cgroups_path() + "/nested/deep");
  EXPECT_EQ(all_of(directory + "/cgroup.procs"), std::to_string(box.pid()) + "\n");
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_FALSE(fs::exists(directory));
  for (const std::string& path : cgroups_with(box.id() + "/nested")) ::rmdir(path.c_str());
  for (const std::string& path : cgroups_with(box.id())) ::rmdir(path.c_str());
}

TEST_F(Cgroup, RelativePathLeadsToTheSamePlaceEachTime) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  box.config().set("/linux/cgroupsPath", box.id() + "-relative");
  start_box();
  const auto memory_path = [&] {
    std::ifstream lines("/proc/" + std::to_string(box.pid()) + "/cgroup");
    for (std::string line; std::getline(lines, line);) {
      if (line.find(":memory:") != std::string::npos || cgroups_are_unified()) return line;
    }
    return std::string();
  };
  const std::string first = memory_path();
  EXPECT_TRUE(first.ends_with(box.id() + "-relative")) << first;
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  start_box();
  EXPECT_EQ(memory_path(), first);
}

TEST_F(Cgroup, WithoutAPathThereIsOneOfItsOwn) {
  box.config().remove("/linux/cgroupsPath");
  start_box();
  std::ifstream lines("/proc/" + std::to_string(box.pid()) + "/cgroup");
  const std::string text((std::istreambuf_iterator<char>(lines)), {});
  EXPECT_NE(text.find(box.id()), std::string::npos) << text;
}

TEST_F(Cgroup, PathWithDotsCannotLeaveTheHierarchy) {
  box.config().set("/linux/cgroupsPath", "/../../../../" + box.id());
  const Outcome outcome = box.run({"--detach"});
  if (Runtime::is_gocker()) {
    EXPECT_TRUE(fails_with(outcome, "cgroupsPath"));
  }
  EXPECT_FALSE(fs::exists("/" + box.id()));
  EXPECT_FALSE(fs::exists("/sys/" + box.id()));
}

TEST_F(Cgroup, IsRemovedWithTheContainer) {
  start_box();
  EXPECT_FALSE(cgroups_with(box.id()).empty());
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_TRUE(cgroups_with(box.id()).empty());
}

// The container (an init system, docker in docker) made groups of its own below.
TEST_F(Cgroup, IsRemovedWithTheGroupsBelow) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  start_box();
  const std::string below = group_of("memory") + "/below/deeper";
  ASSERT_TRUE(fs::create_directories(below));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_FALSE(fs::exists(group_of("memory")));
}

TEST_F(Cgroup, MemoryLimitIsEnforced) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  box.config().set("/linux/resources/memory", R"({"limit": 33554432, "swap": 33554432})"_json);
  box.bundle.set_command({"eat", "256"});
  const Outcome outcome = box.run();
  EXPECT_EQ(outcome.code, 128 + 9);
  EXPECT_EQ(outcome.out, "");
}

// The runtime's own memory is not the container's: many small ones run side by side.
TEST_F(Cgroup, SmallMemoryLimitIsEnoughForASmallProgram) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  KNOWN_GAP(kRunc, "its own start needs some MiB of the container's");
  box.config().set("/linux/resources/memory", R"({"limit": 2097152, "swap": 2097152})"_json);
  box.bundle.set_command({"exit", "6"});
  EXPECT_EQ(box.run().code, 6);
}

TEST_F(Cgroup, PidsLimitIsEnforced) {
  if (!has_controller("pids")) GTEST_SKIP() << "no pids controller";
  box.config().set("/linux/resources/pids/limit", 4);
  EXPECT_EQ(box.attempt({{"fork", "10"}}), Words{"3"});
}

TEST_F(Cgroup, ZeroPidsAreNoLimitToEnginesOfBefore13) {
  if (!has_controller("pids")) GTEST_SKIP() << "no pids controller";
  box.config().set("/ociVersion", "1.0.2-dev");
  box.config().set("/linux/resources/pids/limit", 0);
  EXPECT_EQ(box.attempt({{"fork", "3"}}), Words{"3"});
}

TEST_F(Cgroup, SmallestPidsLimitLetsTheProgramRun) {
  if (!has_controller("pids")) GTEST_SKIP() << "no pids controller";
  KNOWN_GAP(kRunc, "its threads count too");
  box.config().set("/linux/resources/pids/limit", 1);
  EXPECT_EQ(box.attempt({{"fork", "1"}}), Words{"0"});
}

TEST_F(Cgroup, HugepageLimitIsSet) {
  KNOWN_GAP(kRunc, "it does not look for controllers in the unified tree of a hybrid system");
  const std::string unified =
      fs::exists("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  const bool has = all_of(unified + "/cgroup.controllers").find("hugetlb") != std::string::npos;
  if (!has || fs::exists("/sys/fs/cgroup/hugetlb")) GTEST_SKIP() << "no hugetlb in a cgroup2";
  box.config().set("/linux/resources/hugepageLimits",
                   R"([{"pageSize": "2MB", "limit": 4194304}])"_json);
  start_box();
  const std::string directory = unified + box.cgroups_path();
  EXPECT_EQ(first_line(directory + "/hugetlb.2MB.max"), "4194304");
  EXPECT_EQ(first_line(directory + "/hugetlb.2MB.rsvd.max"), "4194304");
}

TEST_F(Cgroup, ThrottledDeviceIsSet) {
  const std::string directory = group_of("blkio");
  if (directory.empty() || cgroups_are_unified()) GTEST_SKIP() << "no blkio hierarchy";
  const std::string device = first_line("/sys/block/vda/dev");
  if (device == "unreadable") GTEST_SKIP() << "no /dev/vda";
  Value throttle;
  throttle.set("/major", std::stoi(device));
  throttle.set("/minor", std::stoi(device.substr(device.find(':') + 1)));
  throttle.set("/rate", 1048576);
  box.config().append("/linux/resources/blockIO/throttleReadBpsDevice", throttle);
  throttle.set("/rate", 2097152);
  box.config().append("/linux/resources/blockIO/throttleWriteBpsDevice", throttle);
  throttle.set("/rate", 100);
  box.config().append("/linux/resources/blockIO/throttleReadIOPSDevice", throttle);
  throttle.set("/rate", 200);
  box.config().append("/linux/resources/blockIO/throttleWriteIOPSDevice", throttle);
  start_box();
  EXPECT_EQ(first_line(directory + "/blkio.throttle.read_bps_device"), device + " 1048576");
  EXPECT_EQ(first_line(directory + "/blkio.throttle.write_bps_device"), device + " 2097152");
  EXPECT_EQ(first_line(directory + "/blkio.throttle.read_iops_device"), device + " 100");
  EXPECT_EQ(first_line(directory + "/blkio.throttle.write_iops_device"), device + " 200");
}

// What Docker and containerd write for "nothing": no limit is to come of it.
TEST_F(Cgroup, ZerosOfEnginesMeanNoLimit) {
  box.config().set("/linux/resources", R"({"memory": {"limit": 0, "reservation": 0, "swap": 0,
      "kernel": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
      "blockIO": {"weight": 0}})"_json);
  box.bundle.set_command({"exit", "0"});
  EXPECT_TRUE(succeeds(box.run()));
}

TEST_F(Cgroup, ResourcesMayBeAbsent) {
  box.config().remove("/linux/resources");
  EXPECT_EQ(box.report()["/pid"], 1);
}

TEST_F(Cgroup, TwoContainersHaveGroupsOfTheirOwn) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  Container& other = add_container();
  other.bundle.set_command({"sleep"});
  start_box();
  ASSERT_TRUE(succeeds(other.run({"--detach"})));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_EQ(other.status(), "running");
  EXPECT_EQ(all_of(cgroup_directory("memory", other.cgroups_path()) + "/cgroup.procs"),
            std::to_string(other.pid()) + "\n");
}

// "Resources associated with the container, but not created by this container, MUST NOT be
// deleted."
TEST_F(Cgroup, ParentThatWasThereBeforeStays) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  const std::string parent = cgroup_directory("memory", box.cgroups_path() + "-parent");
  ASSERT_TRUE(fs::create_directory(parent));
  box.config().set("/linux/cgroupsPath", box.cgroups_path() + "-parent/child");
  start_box();
  EXPECT_TRUE(fs::exists(parent + "/child"));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_TRUE(fs::exists(parent));
  EXPECT_FALSE(fs::exists(parent + "/child"));
  for (const std::string& path : cgroups_with(box.id())) ::rmdir(path.c_str());
}

}  // namespace
}  // namespace gocker::test
