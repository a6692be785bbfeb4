// Limits in real groups of this host, read back.
#include "runtime/cgroup/resources.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/file.h"
#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

constexpr auto kAny = std::nullopt;
const oci::DeviceRule kDenyAll{false, 'a', kAny, kAny, "rwm"};

class Limits : public TestGroups {
 protected:
  void SetUp() override {
    TestGroups::SetUp();
    if (IsSkipped()) return;
    cgroup_.emplace(plan("c1"));
    cgroup_->create();
  }

  Cgroup& cgroup() { return *cgroup_; }
  std::string value(const std::string& controller, const std::string& file) const {
    return content_of(directory(controller, "c1") + "/" + file);
  }
  // A controller that is in a v1 hierarchy here.
  static bool has_v1(const char* controller) { return cgroup_host().find(controller) != nullptr; }

 private:
  std::optional<Cgroup> cgroup_;
};

#define NEEDS_V1(controller)                             \
  if (!has_v1(controller))                               \
  GTEST_SKIP() << "no v1 hierarchy with the " controller \
                  " controller "                         \
                  "here"

TEST_F(Limits, OfMemoryMoveInBothDirections) {
  NEEDS_V1("memory");
  const auto expect_limits = [&](int64_t limit, int64_t swap) {
    cgroup().update({.memory = oci::MemoryResources{.limit = limit, .swap = swap}});
    EXPECT_EQ(value("memory", "memory.limit_in_bytes"), std::to_string(limit));
    EXPECT_EQ(value("memory", "memory.memsw.limit_in_bytes"), std::to_string(swap));
  };
  expect_limits(134217728, 268435456);
  expect_limits(67108864, 67108864);
  expect_limits(1073741824, 1073741824);
  const std::string unlimited = "9223372036854771712";
  cgroup().update({.memory = oci::MemoryResources{.limit = -1}});
  EXPECT_EQ(value("memory", "memory.limit_in_bytes"), unlimited);
  EXPECT_EQ(value("memory", "memory.memsw.limit_in_bytes"), unlimited);
}

TEST_F(Limits, OfMemoryMustFitEachOther) {
  NEEDS_V1("memory");
  const std::string error = error_of([&] {
    cgroup().apply({.memory = oci::MemoryResources{.limit = 134217728, .swap = 67108864}});
  });
  EXPECT_NE(error.find("/linux/resources/memory/swap"), std::string::npos) << error;
  EXPECT_NE(error.find("Invalid argument (memory.swap counts memory and swap together"),
            std::string::npos)
      << error;
}

TEST_F(Limits, OfMemoryAreNotSetBelowWhatIsInUse) {
  NEEDS_V1("memory");
  constexpr size_t kSize = 32 << 20;
  const Child process = start_inside(cgroup(), [] {
    void* memory =
        ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) std::memset(memory, 1, kSize);
  });
  const std::string error = error_of([&] {
    cgroup().update({.memory = oci::MemoryResources{.limit = 4 << 20, .swap = 4 << 20}});
  });
  EXPECT_NE(error.find("Device or resource busy (more than that is in use"), std::string::npos)
      << error;
}

TEST_F(Limits, ThatEnginesSendAsZeroAreLeftAlone) {
  NEEDS_V1("memory");
  NEEDS_V1("cpu");
  NEEDS_V1("pids");
  cgroup().apply({.memory = oci::MemoryResources{.limit = 67108864, .reservation = 33554432},
                  .cpu = oci::CpuResources{.shares = 512, .quota = 20000, .period = 50000},
                  .pids_limit = 7});
  const std::string memsw = value("memory", "memory.memsw.limit_in_bytes");
  cgroup().update({.memory =
                       oci::MemoryResources{
                           .limit = 134217728, .reservation = 0, .swap = 134217728, .kernel = 0},
                   .cpu = oci::CpuResources{.shares = 0, .quota = 25000, .period = 100000},
                   .pids_limit = 50,
                   .block_io = oci::BlockIoResources{.weight = 0}});
  EXPECT_EQ(value("memory", "memory.limit_in_bytes"), "134217728");
  EXPECT_EQ(value("memory", "memory.soft_limit_in_bytes"), "33554432");
  EXPECT_EQ(value("cpu", "cpu.shares"), "512");
  EXPECT_EQ(value("cpu", "cpu.cfs_quota_us"), "25000");
  EXPECT_EQ(value("cpu", "cpu.cfs_period_us"), "100000");
  EXPECT_EQ(value("pids", "pids.max"), "50");
}

TEST_F(Limits, OfMemorysOtherFields) {
  NEEDS_V1("memory");
  cgroup().apply({.memory = oci::MemoryResources{.kernel = 1 << 20,
                                                 .kernel_tcp = 1 << 20,
                                                 .swappiness = 0,
                                                 .disable_oom_killer = true,
                                                 .use_hierarchy = true}});
  EXPECT_EQ(value("memory", "memory.swappiness"), "0");
  EXPECT_TRUE(value("memory", "memory.oom_control").starts_with("oom_kill_disable 1"));
}

TEST_F(Limits, OfCpuDependOnEachOtherInAnyOrder) {
  NEEDS_V1("cpu");
  cgroup().apply({.cpu = oci::CpuResources{.quota = 50000, .burst = 50000, .period = 100000}});
  EXPECT_EQ(value("cpu", "cpu.cfs_burst_us"), "50000");
  cgroup().update({.cpu = oci::CpuResources{.quota = 5000, .burst = 4000, .period = 10000}});
  EXPECT_EQ(value("cpu", "cpu.cfs_quota_us"), "5000");
  EXPECT_EQ(value("cpu", "cpu.cfs_burst_us"), "4000");
  cgroup().update({.cpu = oci::CpuResources{.quota = 900000, .burst = 900000, .period = 1000000}});
  EXPECT_EQ(value("cpu", "cpu.cfs_burst_us"), "900000");
  cgroup().update({.cpu = oci::CpuResources{.burst = 0, .idle = 1}});
  EXPECT_EQ(value("cpu", "cpu.idle"), "1");
  cgroup().update({.cpu = oci::CpuResources{.shares = 300, .idle = 0}});
  EXPECT_EQ(value("cpu", "cpu.shares"), "300");
}

TEST_F(Limits, NameTheFieldAndTheFileWhereTheKernelRefuses) {
  NEEDS_V1("cpu");
  const std::string error =
      error_of([&] { cgroup().apply({.cpu = oci::CpuResources{.period = 1}}); });
  EXPECT_EQ(error, "set limits: /linux/resources/cpu/period: write \"1\" to " +
                       directory("cpu", "c1") +
                       "/cpu.cfs_period_us: Invalid argument (from 1000 to 1000000)");
}

TEST_F(Limits, OfCpusets) {
  NEEDS_V1("cpuset");
  cgroup().apply({.cpu = oci::CpuResources{.cpus = "0", .mems = "0"}});
  EXPECT_EQ(value("cpuset", "cpuset.cpus"), "0");
  const std::string error =
      error_of([&] { cgroup().update({.cpu = oci::CpuResources{.cpus = "100000"}}); });
  EXPECT_NE(error.find("/linux/resources/cpu/cpus: write \"100000\""), std::string::npos) << error;
}

TEST_F(Limits, OfPidsHoldForAProcessInside) {
  NEEDS_V1("pids");
  cgroup().apply({.pids_limit = 0});
  EXPECT_EQ(value("pids", "pids.max"), "1");
  EXPECT_EQ(run_inside(cgroup(), [] { return ::fork() < 0 ? errno : 0; }), EAGAIN);
  cgroup().update({.pids_limit = -1});
  EXPECT_EQ(value("pids", "pids.max"), "max");
}

TEST_F(Limits, OfDisks) {
  NEEDS_V1("blkio");
  cgroup().apply(
      {.block_io = oci::BlockIoResources{.throttle_read_bps_device = {{7, 0, 1048576}}}});
  EXPECT_EQ(value("blkio", "blkio.throttle.read_bps_device"), "7:0 1048576");
  if (exists(directory("blkio", "c1") + "/blkio.bfq.weight")) {
    cgroup().update({.block_io = oci::BlockIoResources{.weight = 321}});
    EXPECT_NE(value("blkio", "blkio.bfq.weight").find("321"), std::string::npos);
  }
  const std::string error =
      error_of([&] { cgroup().update({.block_io = oci::BlockIoResources{.leaf_weight = 100}}); });
  EXPECT_EQ(error, "set limits: /linux/resources/blockIO/leafWeight: control file " +
                       directory("blkio", "c1") +
                       "/blkio.leaf_weight is not there (this kernel has no such weights)");
}

TEST_F(Limits, OfHugePagesAreSetWhereTheControllerIs) {
  const std::string folder = directory(has_v1("hugetlb") ? "hugetlb" : "", "c1");
  const std::string file = has_v1("hugetlb") ? "/hugetlb.2MB.limit_in_bytes" : "/hugetlb.2MB.max";
  const std::string reserved =
      has_v1("hugetlb") ? "/hugetlb.2MB.rsvd.limit_in_bytes" : "/hugetlb.2MB.rsvd.max";
  const std::string controllers =
      folder.empty() ? "" : content_of(cgroup_host().find("")->mount_point + "/cgroup.controllers");
  if (!has_v1("hugetlb") && controllers.find("hugetlb") == std::string::npos) {
    GTEST_SKIP() << "no hugetlb controller here";
  }
  cgroup().apply({.hugepage_limits = {{"2MB", 4194304}}});
  EXPECT_EQ(content_of(folder + file), "4194304");
  EXPECT_EQ(content_of(folder + reserved), "4194304");
  const std::string error = error_of([&] {
    cgroup().apply({.hugepage_limits = {{"3MB", 4194304}}});
  });
  EXPECT_NE(error.find("is not there (this host has no huge pages of that size)"),
            std::string::npos)
      << error;
}

TEST_F(Limits, WithoutAControllerAreErrorsThatNameTheField) {
  if (has_v1("rdma") || cgroup_host().unified_only()) GTEST_SKIP() << "rdma may be here";
  EXPECT_EQ(error_of([&] {
              cgroup().apply({.rdma = {{"mlx5_1", {.hca_handles = 3}}}});
            }),
            "set limits: /linux/resources/rdma/mlx5_1: no rdma controller on this host");
}

TEST_F(Limits, OfTheNetworkNeedTheirControllersOfV1) {
  if (has_v1("net_cls") || has_v1("net_prio")) GTEST_SKIP() << "they are here";
  EXPECT_EQ(error_of([&] { cgroup().apply({.network = oci::NetworkResources{.class_id = 5}}); }),
            "set limits: /linux/resources/network/classID: no net_cls controller on this host "
            "(cgroup v2 has none)");
  cgroup().apply({.network = oci::NetworkResources{.class_id = 0}});
}

TEST_F(Limits, GivenAsUnifiedFilesNeedTheirController) {
  if (!has_v1("memory") || cgroup_host().find("") == nullptr) {
    GTEST_SKIP() << "only where memory is a v1 controller beside cgroup2";
  }
  EXPECT_EQ(error_of([&] {
              cgroup().apply({.unified = {{"memory.high", "1000000"}}});
            }),
            "set limits: /linux/resources/unified/memory.high: no memory controller on this host");
  cgroup().apply({.unified = {{"cgroup.max.depth", "3"}}});
  EXPECT_EQ(value("", "cgroup.max.depth"), "3");
}

class Devices : public Limits {
 protected:
  int open_inside(const char* device, int flags) {
    return run_inside(cgroup(), [&] { return Fd(::open(device, flags | O_CLOEXEC)) ? 0 : errno; });
  }
};

TEST_F(Devices, AreTheDefaultOnesWhereNothingIsSaid) {
  NEEDS_V1("devices");
  cgroup().apply({});
  EXPECT_EQ(value("devices", "devices.list"),
            "c *:* m\nb *:* m\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\nc 5:0 rwm\n"
            "c 5:2 rwm\nc 136:* rwm\nc 10:200 rwm");
  EXPECT_EQ(open_inside("/dev/null", O_RDWR), 0);
  EXPECT_EQ(open_inside("/dev/kmsg", O_RDONLY), EPERM);
}

TEST_F(Devices, AreAllowedInTheWordsOfEngines) {
  NEEDS_V1("devices");
  cgroup().apply({.devices = {kDenyAll, {true, 'c', 1, 11, "rmw"}, {true, 'b', 7, kAny, "rmw"}}});
  EXPECT_EQ(open_inside("/dev/kmsg", O_RDWR), 0);
  EXPECT_EQ(open_inside("/dev/loop-control", O_RDONLY), EPERM);
  EXPECT_NE(value("devices", "devices.list").find("b 7:* rwm"), std::string::npos);
}

TEST_F(Devices, AreUpdatedInARunningContainerWithGroupsOfItsOwn) {
  NEEDS_V1("devices");
  cgroup().apply({.devices = {kDenyAll, {true, 'c', 1, 11, "rw"}}});
  make_directories(directory("devices", "c1/below"), 0755);
  cgroup().update({.devices = {kDenyAll, {true, 'c', 10, 237, "rw"}}});
  EXPECT_EQ(open_inside("/dev/kmsg", O_RDONLY), EPERM);
  EXPECT_EQ(open_inside("/dev/loop-control", O_RDWR), 0);
  EXPECT_EQ(open_inside("/dev/null", O_RDWR), 0);
  cgroup().update({});
  EXPECT_EQ(open_inside("/dev/loop-control", O_RDWR), 0);
}

TEST_F(Devices, AreAllThereForAPrivilegedContainer) {
  NEEDS_V1("devices");
  cgroup().apply({.devices = {{true, 'a', kAny, kAny, "rwm"}, {false, 'c', 1, 11, "w"}}});
  EXPECT_EQ(value("devices", "devices.list"), "a *:* rwm");
  EXPECT_EQ(open_inside("/dev/loop-control", O_RDWR), 0);
  EXPECT_EQ(open_inside("/dev/kmsg", O_RDONLY), 0);
  EXPECT_EQ(open_inside("/dev/kmsg", O_RDWR), EPERM);
}

TEST_F(Devices, ThatTheGroupAboveLacksAreAnErrorWhereTheUserAsksForThem) {
  NEEDS_V1("devices");
  cgroup().apply({.devices = {kDenyAll}});
  Cgroup inner(plan("c1/inner"));
  inner.create();
  write_file(directory("devices", "c1") + "/devices.deny", "c 10:200 rwm");
  inner.apply({});
  EXPECT_EQ(content_of(directory("devices", "c1/inner") + "/devices.list").find("10:200"),
            std::string::npos);
  const std::string error = error_of([&] {
    inner.apply({.devices = {kDenyAll, {true, 'c', 1, 11, "r"}}});
  });
  EXPECT_NE(error.find("/linux/resources/devices/1: write \"c 1:11 r\""), std::string::npos)
      << error;
  EXPECT_NE(error.find("the group above does not have it"), std::string::npos) << error;
}

TEST_F(Devices, OfAForeignGroupAreOnlyTakenAwayOnRequest) {
  NEEDS_V1("devices");
  Cgroup foreign(plan("c1"));
  foreign.create();
  foreign.apply({});
  EXPECT_EQ(value("devices", "devices.list"), "a *:* rwm");
  foreign.apply({.devices = {kDenyAll}});
  EXPECT_NE(value("devices", "devices.list"), "a *:* rwm");
}

}  // namespace
}  // namespace gocker
