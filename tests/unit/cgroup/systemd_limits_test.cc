#include "runtime/cgroup/systemd_limits.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

constexpr const char* kInfinity = "18446744073709551615";

std::string told(const LimitFiles& files) {
  return to_text(limits_of_scope(files));
}

TEST(SystemdLimits, AreNumbersOrInfinity) {
  EXPECT_EQ(told({{"memory.max", "67108864\n"}}), "MemoryMax\tt\t67108864\n");
  EXPECT_EQ(told({{"memory.high", "max\n"}}), std::string("MemoryHigh\tt\t") + kInfinity + "\n");
  EXPECT_EQ(told({{"memory.low", "1"}, {"memory.min", "2"}, {"memory.swap.max", "0"}}),
            "MemoryLow\tt\t1\nMemoryMin\tt\t2\nMemorySwapMax\tt\t0\n");
  EXPECT_EQ(told({{"pids.max", "5"}}), "TasksMax\tt\t5\n");
}

TEST(SystemdLimits, OfAnIdleGroupAreTheLowestWeight) {
  EXPECT_EQ(told({{"cpu.weight", "59\n"}, {"cpu.idle", "0\n"}}), "CPUWeight\tt\t59\n");
  EXPECT_EQ(told({{"cpu.weight", "100"}, {"cpu.idle", "1"}}), "CPUWeight\tt\t0\n");
  EXPECT_EQ(told({{"cpu.idle", "1"}}), "CPUWeight\tt\t0\n");
  EXPECT_EQ(told({{"cpu.idle", "0"}}), "\n");
}

// systemd makes 33333 of 100000 of it again; of 333330 - 1 it would make 33332.
TEST(SystemdLimits, ShareTheSecondRoundedUp) {
  EXPECT_EQ(told({{"cpu.max", "33333 100000\n"}}),
            "CPUQuotaPerSecUSec\tt\t333330\nCPUQuotaPeriodUSec\tt\t100000\n");
  EXPECT_EQ(told({{"cpu.max", "1000 70000"}}),
            "CPUQuotaPerSecUSec\tt\t14286\nCPUQuotaPeriodUSec\tt\t70000\n");
  EXPECT_EQ(told({{"cpu.max", "50000"}}),
            "CPUQuotaPerSecUSec\tt\t500000\nCPUQuotaPeriodUSec\tt\t100000\n");
  const std::string unlimited =
      std::string("CPUQuotaPerSecUSec\tt\t") + kInfinity + "\nCPUQuotaPeriodUSec\tt\t100000\n";
  EXPECT_EQ(told({{"cpu.max", "max 100000"}}), unlimited);
  EXPECT_EQ(told({{"cpu.max", "18446744073709551 100000"}}), unlimited);
}

TEST(SystemdLimits, AreMasksOfLists) {
  EXPECT_EQ(told({{"cpuset.cpus", "0-2,7-9\n"}}), "AllowedCPUs\tay\t135\t3\n");
  EXPECT_EQ(told({{"cpuset.mems", "1"}}), "AllowedMemoryNodes\tay\t2\n");
  EXPECT_EQ(told({{"cpuset.cpus", "\n"}}), "AllowedCPUs\tay\n");
}

TEST(SystemdLimits, AreTheWeightOfAllDisks) {
  EXPECT_EQ(told({{"io.weight", "default 200\n8:0 300\n"}}), "IOWeight\tt\t200\n");
  EXPECT_EQ(told({{"io.weight", "default 100\n"}}), "\n");
}

TEST(SystemdLimits, LeaveOutWhatIsNone) {
  for (const char* nonsense : {"", "64M", "-1", "2-1", "0-99999", "0,x", "5 0", "max 0", "x 1"}) {
    for (const char* file : {"memory.max", "cpu.weight", "cpu.max", "cpuset.cpus", "io.weight"}) {
      if (std::string(file) == "cpuset.cpus" && std::string(nonsense).empty()) continue;  // a list
      EXPECT_EQ(told({{file, nonsense}}), "\n") << file << " " << nonsense;
    }
  }
}

TEST(SystemdLimits, ArePlannedAsTheyAreWritten) {
  oci::Resources resources;
  resources.memory =
      oci::MemoryResources{.limit = 64 << 20, .reservation = 32 << 20, .swap = 96 << 20};
  resources.cpu = oci::CpuResources{.shares = 512, .quota = 50000, .cpus = "0"};
  resources.pids_limit = 5;
  resources.unified = {{"memory.high", "1"}};
  EXPECT_EQ(planned_limit_files(resources), (LimitFiles{{"memory.max", "67108864"},
                                                        {"memory.low", "33554432"},
                                                        {"memory.swap.max", "33554432"},
                                                        {"cpu.weight", "59"},
                                                        {"cpu.max", "50000"},
                                                        {"cpuset.cpus", "0"},
                                                        {"pids.max", "5"}}));
}

TEST(SystemdLimits, ThatMakeNoSenseAreRefusedBeforeTheGroupIsMade) {
  oci::Resources resources;
  resources.memory = oci::MemoryResources{.limit = 64 << 20, .swap = 1 << 20};
  EXPECT_EQ(error_of([&] { planned_limit_files(resources); }),
            "set limits: /linux/resources/memory/swap: 1048576 is below memory.limit: it counts "
            "memory and swap together");
}

TEST(SystemdLimits, AreNewsWhereTheyDiffer) {
  const SystemdProperty memory{"MemoryMax", "t", {"1"}};
  const SystemdProperty tasks{"TasksMax", "t", {"5"}};
  EXPECT_EQ(news_in({memory, tasks}, {tasks}), SystemdProperties{memory});
  EXPECT_EQ(news_in({memory}, {{"MemoryMax", "t", {"2"}}}), SystemdProperties{memory});
  EXPECT_TRUE(news_in({memory}, {memory, tasks}).empty());
}

}  // namespace
}  // namespace gocker
