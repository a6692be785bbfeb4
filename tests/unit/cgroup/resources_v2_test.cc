#include "runtime/cgroup/resources_v2.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

using Lines = std::vector<std::string>;

Lines brief(const Settings& settings) {
  Lines lines;
  for (const Setting& setting : settings) lines.push_back(setting.file + "=" + setting.value);
  return lines;
}

Lines memory(const oci::MemoryResources& wanted, const MemoryBefore& before = {}) {
  return brief(memory_settings_v2(wanted, before));
}

Lines cpu(const oci::CpuResources& wanted) {
  return brief(cpu_settings_v2(wanted, "max"));
}

TEST(ResourcesV2, TurnSharesIntoAWeightThroughTheEndsAndTheDefault) {
  EXPECT_EQ(cpu_weight_of_shares(2), 1U);
  EXPECT_EQ(cpu_weight_of_shares(1024), 100U);
  EXPECT_EQ(cpu_weight_of_shares(262144), 10000U);
  EXPECT_EQ(cpu_weight_of_shares(1), 1U);
  EXPECT_EQ(cpu_weight_of_shares(1U << 30), 10000U);
  uint64_t last = 0;
  for (uint64_t shares = 2; shares <= 262144; shares += 7) {
    const uint64_t weight = cpu_weight_of_shares(shares);
    ASSERT_GE(weight, last) << shares;
    ASSERT_LE(weight, 10000U) << shares;
    last = weight;
  }
}

TEST(ResourcesV2, TurnTheWeightOfDisksIntoTheNewRange) {
  EXPECT_EQ(io_weight_of_blkio_weight(10, "x"), 1U);
  EXPECT_EQ(io_weight_of_blkio_weight(1000, "x"), 10000U);
  EXPECT_EQ(io_weight_of_blkio_weight(500, "x"), 4950U);
  EXPECT_EQ(error_of([] { io_weight_of_blkio_weight(9, "x"); }), "x: 9: must be from 10 to 1000");
  EXPECT_EQ(error_of([] { io_weight_of_blkio_weight(1001, "x"); }),
            "x: 1001: must be from 10 to 1000");
}

TEST(ResourcesV2, CountSwapAlone) {
  EXPECT_EQ(memory({.limit = 100, .swap = 300}), (Lines{"memory.swap.max=200", "memory.max=100"}));
  EXPECT_EQ(memory({.limit = 100, .swap = 100}), (Lines{"memory.swap.max=0", "memory.max=100"}));
  EXPECT_EQ(memory({.limit = 100, .swap = -1}), (Lines{"memory.swap.max=max", "memory.max=100"}));
  EXPECT_EQ(memory({.limit = 100, .swap = 0}), Lines{"memory.max=100"});
  EXPECT_EQ(memory({.limit = -1}), (Lines{"memory.swap.max=max", "memory.max=max"}));
  EXPECT_EQ(memory({.swap = 300}, {.limit = 120}), Lines{"memory.swap.max=180"});
}

TEST(ResourcesV2, RefuseSwapThatDoesNotFitTheLimit) {
  EXPECT_EQ(error_of([] { memory({.limit = 100, .swap = 99}); }),
            "/linux/resources/memory/swap: 99 is below memory.limit: "
            "it counts memory and swap together");
  EXPECT_EQ(error_of([] { memory({.swap = 99}); }),
            "/linux/resources/memory/swap: needs memory.limit: it counts memory and swap together");
  EXPECT_NE(error_of([] { memory({.limit = -1, .swap = 99}); }), "");
}

TEST(ResourcesV2, NeedSwapAccountingOnlyForARealLimit) {
  EXPECT_EQ(memory_settings_v2({.limit = 1, .swap = 1}, {})[0].absence, Setting::Absence::fine);
  EXPECT_EQ(memory_settings_v2({.limit = 1, .swap = -1}, {})[0].absence, Setting::Absence::fine);
  EXPECT_EQ(memory_settings_v2({.limit = 1, .swap = 2}, {})[0].absence, Setting::Absence::error);
}

TEST(ResourcesV2, ProtectTheReservation) {
  EXPECT_EQ(memory({.reservation = 4096}), Lines{"memory.low=4096"});
  EXPECT_EQ(memory({.reservation = -1}), Lines{"memory.low=0"});
  EXPECT_EQ(memory({.reservation = 0}), Lines{});
}

TEST(ResourcesV2, CheckTheUsageWhereThatIsAskedFor) {
  EXPECT_EQ(error_of([] { memory({.limit = 100, .check_before_update = true}, {.usage = 101}); }),
            "/linux/resources/memory/limit: 100 bytes: 101 are in use, "
            "and checkBeforeUpdate is set");
  EXPECT_EQ(memory({.limit = 100, .check_before_update = true}, {.usage = 100}),
            Lines{"memory.max=100"});
  EXPECT_EQ(memory({.limit = 100}, {.usage = 101}), Lines{"memory.max=100"});
}

TEST(ResourcesV2, RefuseWhatHasNoCounterpart) {
  const auto expect_refused = [](const std::string& field, const std::function<void()>& work) {
    EXPECT_EQ(error_of(work), "/linux/resources/" + field + ": cgroup v2 has nothing like it");
  };
  expect_refused("memory/kernel", [] { memory({.kernel = 1}); });
  expect_refused("memory/kernelTCP", [] { memory({.kernel_tcp = 1}); });
  expect_refused("memory/swappiness", [] { memory({.swappiness = 60}); });
  expect_refused("memory/disableOOMKiller", [] { memory({.disable_oom_killer = true}); });
  expect_refused("memory/useHierarchy", [] { memory({.use_hierarchy = false}); });
  expect_refused("cpu/realtimeRuntime", [] { cpu({.realtime_runtime = 1}); });
  expect_refused("cpu/realtimePeriod", [] { cpu({.realtime_period = 1}); });
  expect_refused("blockIO/leafWeight",
                 [] { io_settings_v2({.leaf_weight = 100}, IoScheduler::plain); });
  EXPECT_EQ(
      memory({.kernel = -1, .kernel_tcp = 0, .disable_oom_killer = false, .use_hierarchy = true}),
      Lines{});
}

TEST(ResourcesV2, WriteCpu) {
  EXPECT_EQ(cpu({.quota = 50000, .period = 100000}), Lines{"cpu.max=50000 100000"});
  EXPECT_EQ(cpu({.quota = 50000}), Lines{"cpu.max=50000"});
  EXPECT_EQ(cpu({.quota = -1, .period = 100000}), Lines{"cpu.max=max 100000"});
  EXPECT_EQ(cpu({.quota = 0, .period = 0, .idle = 0}), Lines{"cpu.idle=0"});
  EXPECT_EQ(brief(cpu_settings_v2({.period = 1000}, "700")), Lines{"cpu.max=700 1000"});
  EXPECT_EQ(cpu({.shares = 1024, .quota = 9000, .burst = 1000, .idle = 1}),
            (Lines{"cpu.max=9000", "cpu.max.burst=1000", "cpu.weight=100", "cpu.idle=1"}));
}

TEST(ResourcesV2, WriteBlockIo) {
  const oci::BlockIoResources io{.weight = 1000,
                                 .weight_device = {{8, 16, 10, std::nullopt}},
                                 .throttle_read_bps_device = {{8, 0, 1024}},
                                 .throttle_write_bps_device = {{8, 0, 0}},
                                 .throttle_read_iops_device = {{254, 1, 7}},
                                 .throttle_write_iops_device = {{254, 1, 8}}};
  EXPECT_EQ(brief(io_settings_v2(io, IoScheduler::plain)),
            (Lines{"io.weight=10000", "io.weight=8:16 1", "io.max=8:0 rbps=1024",
                   "io.max=8:0 wbps=max", "io.max=254:1 riops=7", "io.max=254:1 wiops=8"}));
  EXPECT_EQ(brief(io_settings_v2({.weight = 500}, IoScheduler::bfq)), Lines{"io.bfq.weight=500"});
}

TEST(ResourcesV2, WriteHugePages) {
  EXPECT_EQ(brief(hugetlb_settings_v2({{"2MB", 4194304}})),
            (Lines{"hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304"}));
}

TEST(ResourcesV2, WriteUnifiedFilesLineByLine) {
  EXPECT_EQ(brief(unified_settings(
                {{"io.max", "259:0 rbps=1\n253:0 rbps=2\n"}, {"memory.high", "1000"}})),
            (Lines{"io.max=259:0 rbps=1", "io.max=253:0 rbps=2", "memory.high=1000"}));
  EXPECT_EQ(controller_of_file("hugetlb.1GB.rsvd.max"), "hugetlb");
}

TEST(ResourcesV2, RefuseUnifiedNamesThatAreNoControlFiles) {
  for (const char* file : {"", "memory", "../memory.max", "sub/memory.max", "..", ".memory"}) {
    const std::string error = error_of([&] { unified_settings({{file, "1"}}); });
    EXPECT_TRUE(error.starts_with("/linux/resources/unified/")) << file << ": " << error;
  }
}

}  // namespace
}  // namespace gocker
