#include "runtime/cgroup/resources_v1.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

// "FILE=VALUE" of each, in order.
std::vector<std::string> brief(const Settings& settings) {
  std::vector<std::string> lines;
  for (const Setting& setting : settings) lines.push_back(setting.file + "=" + setting.value);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ResourcesV1, LeaveAloneWhatEnginesSendAsZero) {
  EXPECT_TRUE(memory_settings_v1({.limit = 0,
                                  .reservation = 0,
                                  .swap = 0,
                                  .kernel = 0,
                                  .kernel_tcp = 0,
                                  .disable_oom_killer = false,
                                  .check_before_update = true})
                  .empty());
  EXPECT_TRUE(
      cpu_settings_v1(
          {.shares = 0, .quota = 0, .period = 0, .realtime_runtime = 0, .realtime_period = 0})
          .empty());
  EXPECT_TRUE(cpuset_settings({}).empty());
  EXPECT_TRUE(io_settings_v1({.weight = 0, .leaf_weight = 0}, IoScheduler::plain).empty());
  EXPECT_TRUE(network_class_settings({.class_id = 0}).empty());
}

TEST(ResourcesV1, WriteMemory) {
  EXPECT_EQ(brief(memory_settings_v1({.limit = 134217728,
                                      .reservation = 1048576,
                                      .swap = 268435456,
                                      .kernel = 5,
                                      .kernel_tcp = 6,
                                      .swappiness = 0,
                                      .disable_oom_killer = true,
                                      .use_hierarchy = true})),
            (Lines{"memory.limit_in_bytes=134217728", "memory.memsw.limit_in_bytes=268435456",
                   "memory.soft_limit_in_bytes=1048576", "memory.kmem.limit_in_bytes=5",
                   "memory.kmem.tcp.limit_in_bytes=6", "memory.use_hierarchy=1",
                   "memory.swappiness=0", "memory.oom_control=1"}));
}

TEST(ResourcesV1, LiftTheSwapLimitTogetherWithThatOfMemory) {
  EXPECT_EQ(brief(memory_settings_v1({.limit = -1})),
            (Lines{"memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"}));
}

TEST(ResourcesV1, NeedSwapAccountingOnlyForARealLimit) {
  EXPECT_EQ(memory_settings_v1({.swap = -1}).front().absence, Setting::Absence::fine);
  EXPECT_EQ(memory_settings_v1({.swap = 4096}).front().absence, Setting::Absence::error);
}

TEST(ResourcesV1, WriteCpu) {
  EXPECT_EQ(
      brief(cpu_settings_v1({.shares = 512,
                             .quota = 50000,
                             .burst = 1000,
                             .period = 100000,
                             .realtime_runtime = 900,
                             .realtime_period = 1000,
                             .idle = 1})),
      (Lines{"cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000", "cpu.cfs_burst_us=1000",
             "cpu.shares=512", "cpu.rt_period_us=1000", "cpu.rt_runtime_us=900", "cpu.idle=1"}));
  EXPECT_EQ(brief(cpu_settings_v1({.quota = -1})), Lines{"cpu.cfs_quota_us=-1"});
  EXPECT_EQ(brief(cpuset_settings({.cpus = "0-3,7", .mems = "0"})),
            (Lines{"cpuset.cpus=0-3,7", "cpuset.mems=0"}));
}

TEST(ResourcesV1, WritePids) {
  EXPECT_EQ(brief(pids_settings(50)), Lines{"pids.max=50"});
  EXPECT_EQ(brief(pids_settings(-1)), Lines{"pids.max=max"});
  EXPECT_EQ(brief(pids_settings(-7)), Lines{"pids.max=max"});
  EXPECT_EQ(brief(pids_settings(0)), Lines{"pids.max=1"});
}

TEST(ResourcesV1, WriteBlockIo) {
  const oci::BlockIoResources io{.weight = 500,
                                 .weight_device = {{8, 16, 300, std::nullopt}},
                                 .throttle_read_bps_device = {{8, 0, 1024}},
                                 .throttle_write_bps_device = {{8, 0, 0}},
                                 .throttle_read_iops_device = {{254, 1, 7}},
                                 .throttle_write_iops_device = {{254, 1, 8}}};
  EXPECT_EQ(
      brief(io_settings_v1(io, IoScheduler::plain)),
      (Lines{"blkio.weight=500", "blkio.weight_device=8:16 300",
             "blkio.throttle.read_bps_device=8:0 1024", "blkio.throttle.write_bps_device=8:0 0",
             "blkio.throttle.read_iops_device=254:1 7",
             "blkio.throttle.write_iops_device=254:1 8"}));
  EXPECT_EQ(brief(io_settings_v1(io, IoScheduler::bfq))[0], "blkio.bfq.weight=500");
  EXPECT_EQ(brief(io_settings_v1(io, IoScheduler::bfq))[1], "blkio.bfq.weight_device=8:16 300");
}

TEST(ResourcesV1, WriteHugePagesAsReservationsToo) {
  const Settings settings = hugetlb_settings_v1({{"2MB", 4194304}, {"1GB", 0}});
  EXPECT_EQ(brief(settings),
            (Lines{"hugetlb.2MB.limit_in_bytes=4194304", "hugetlb.2MB.rsvd.limit_in_bytes=4194304",
                   "hugetlb.1GB.limit_in_bytes=0", "hugetlb.1GB.rsvd.limit_in_bytes=0"}));
  EXPECT_EQ(settings[0].absence, Setting::Absence::error);
  EXPECT_EQ(settings[1].absence, Setting::Absence::fine);
}

TEST(ResourcesV1, RefuseWhatIsNoPageSize) {
  for (const char* size : {"", "2", "MB", "2mb", "2MB/../x", "../2MB", "2TB", "-2MB", "2 MB"}) {
    const std::string error = error_of([&] { hugetlb_settings_v1({{size, 1}}); });
    EXPECT_TRUE(error.starts_with("/linux/resources/hugepageLimits/0: ")) << size << ": " << error;
  }
}

TEST(ResourcesV1, WriteNetworkAndRdma) {
  const oci::NetworkResources network{.class_id = 1048577, .priorities = {{"eth0", 5}, {"lo", 0}}};
  EXPECT_EQ(brief(network_class_settings(network)), Lines{"net_cls.classid=1048577"});
  EXPECT_EQ(brief(network_priority_settings(network)),
            (Lines{"net_prio.ifpriomap=eth0 5", "net_prio.ifpriomap=lo 0"}));
  EXPECT_EQ(brief(rdma_settings({{"mlx5_1", {.hca_handles = 3, .hca_objects = 10000}},
                                 {"rxe3", {.hca_objects = 7}}})),
            (Lines{"rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=rxe3 hca_object=7"}));
}

TEST(ResourcesV1, NameTheFieldThatASettingComesFrom) {
  EXPECT_EQ(memory_settings_v1({.kernel_tcp = 6}).front().origin,
            "/linux/resources/memory/kernelTCP");
  EXPECT_EQ(cpu_settings_v1({.realtime_runtime = 6}).front().origin,
            "/linux/resources/cpu/realtimeRuntime");
  EXPECT_EQ(io_settings_v1({.throttle_write_iops_device = {{1, 2, 3}}}, IoScheduler::plain)
                .front()
                .origin,
            "/linux/resources/blockIO/throttleWriteIOPSDevice");
}

}  // namespace
}  // namespace gocker
