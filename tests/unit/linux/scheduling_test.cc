#include "runtime/linux/scheduling.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/linux/capabilities.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

using Cpus = std::vector<unsigned>;

std::vector<int> own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  std::vector<int> cpus;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

TEST(ParseCpuList, TakesNumbersAndRanges) {
  EXPECT_EQ(parse_cpu_list("0"), (Cpus{0}));
  EXPECT_EQ(parse_cpu_list("0-3,7"), (Cpus{0, 1, 2, 3, 7}));
  EXPECT_EQ(parse_cpu_list("7,0-3,2-4,7"), (Cpus{0, 1, 2, 3, 4, 7}));
  EXPECT_EQ(parse_cpu_list("5-5"), (Cpus{5}));
  EXPECT_EQ(parse_cpu_list("65535"), (Cpus{65535}));
}

TEST(ParseCpuList, RefusesEverythingElse) {
  for (const char* bad : {"", ",", "1,", ",1", "1-", "-1", "3-1", "a", "1 ", " 1", "1--2", "1-2-3",
                          "0x1", "+1", "65536", "4294967296", "0-4294967295", "1;2", "0-7:2/4"}) {
    EXPECT_EQ(error_of([&] { parse_cpu_list(bad); }),
              "\"" + std::string(bad) + "\" is no list such as 0-3,7");
  }
}

TEST(CpuAffinity, IsSet) {
  in_child([] {
    const std::vector<int> all = own_cpus();
    set_cpu_affinity(0, std::to_string(all.back()));
    EXPECT_EQ(own_cpus(), std::vector<int>{all.back()});
  });
}

TEST(CpuAffinity, CpusThatAreNotThereAreLeftOut) {
  in_child([] {
    const int first = own_cpus().front();
    set_cpu_affinity(0, std::to_string(first) + ",5000-5001");
    EXPECT_EQ(own_cpus(), std::vector<int>{first});
    EXPECT_EQ(error_of([] { set_cpu_affinity(0, "5000"); }),
              "set CPU affinity 5000: sched_setaffinity: Invalid argument");
  });
}

TEST(Scheduler, SetsPolicyNiceAndFlags) {
  in_child([] {
    set_scheduler(0, {.policy = "SCHED_BATCH", .nice = 5, .flags = {"SCHED_FLAG_RESET_ON_FORK"}});
    EXPECT_EQ(::sched_getscheduler(0), SCHED_BATCH | SCHED_RESET_ON_FORK);
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 5);
    set_scheduler(0, {.policy = "SCHED_IDLE"});
    EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
  });
}

TEST(Scheduler, SetsRealtimePriority) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  in_child([] {
    set_scheduler(0, {.policy = "SCHED_FIFO", .priority = 3});
    EXPECT_EQ(::sched_getscheduler(0), SCHED_FIFO);
    sched_param parameter{};
    ::sched_getparam(0, &parameter);
    EXPECT_EQ(parameter.sched_priority, 3);
  });
}

TEST(Scheduler, SetsADeadline) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  in_child([] {
    set_scheduler(
        0,
        {.policy = "SCHED_DEADLINE", .runtime = 1000000, .deadline = 10000000, .period = 20000000});
    struct {
      uint32_t size, policy;
      uint64_t flags;
      int32_t nice;
      uint32_t priority;
      uint64_t runtime, deadline, period;
    } now{};
    ASSERT_EQ(::syscall(SYS_sched_getattr, 0, &now, sizeof now, 0), 0);
    EXPECT_EQ(now.policy, 6u);
    EXPECT_EQ(now.runtime, 1000000u);
    EXPECT_EQ(now.deadline, 10000000u);
    EXPECT_EQ(now.period, 20000000u);
    EXPECT_EQ(error_of([] { set_scheduler(0, {.policy = "SCHED_DEADLINE"}); }),
              "set scheduler SCHED_DEADLINE: sched_setattr: Invalid argument");
  });
}

TEST(Scheduler, RefusesUnknownWords) {
  EXPECT_EQ(error_of([] { set_scheduler(0, {.policy = "SCHED_OTHR"}); }),
            "set scheduler SCHED_OTHR: unknown policy SCHED_OTHR (is SCHED_OTHER meant?)");
  EXPECT_EQ(error_of([] { set_scheduler(0, {.policy = "SCHED_OTHER", .flags = {"FAST"}}); }),
            "set scheduler SCHED_OTHER: unknown scheduler flag FAST");
  EXPECT_EQ(error_of([] { set_scheduler(0, {.policy = "SCHED_FIFO", .priority = -1}); }),
            "set scheduler SCHED_FIFO: the priority is below zero");
}

TEST(IoPriority, SetsClassAndLevel) {
  in_child([] {
    set_io_priority(0, {"IOPRIO_CLASS_BE", 6});
    EXPECT_EQ(::syscall(SYS_ioprio_get, 1, 0), (2 << 13) | 6);
    set_io_priority(0, {"IOPRIO_CLASS_IDLE", 0});
    EXPECT_EQ(::syscall(SYS_ioprio_get, 1, 0), 3 << 13);
  });
}

TEST(IoPriority, RefusesWhatIsOutOfRange) {
  EXPECT_EQ(error_of([] {
              set_io_priority(0, {"IOPRIO_CLASS_BE", 8});
            }),
            "set I/O priority IOPRIO_CLASS_BE: priority 8 is not between 0 and 7");
  EXPECT_EQ(error_of([] {
              set_io_priority(0, {"IOPRIO_CLASS_BE", -1});
            }),
            "set I/O priority IOPRIO_CLASS_BE: priority -1 is not between 0 and 7");
  EXPECT_EQ(error_of([] {
              set_io_priority(0, {"BE", 1});
            }),
            "set I/O priority BE: unknown I/O class BE");
}

TEST(PersonalityTest, SetsTheDomain) {
  in_child([] {
    set_personality({.domain = "LINUX32"});
    EXPECT_EQ(::personality(0xffffffff), PER_LINUX32);
    set_personality({.domain = "LINUX"});
    EXPECT_EQ(::personality(0xffffffff), PER_LINUX);
  });
  EXPECT_EQ(error_of([] { set_personality({.domain = "BSD"}); }),
            "set personality BSD: unknown domain BSD");
  EXPECT_EQ(error_of([] { set_personality({.domain = "LINUX", .flags = {"SHORT_INODE"}}); }),
            "set personality LINUX: unknown flag SHORT_INODE");
}

TEST(MemoryPolicyTest, SetsModeAndNodes) {
  if (read_file("/proc/self/status").find("Mems_allowed") == std::string::npos)
    GTEST_SKIP() << "no NUMA";
  in_child([] {
    set_memory_policy({.mode = "MPOL_BIND", .nodes = "0", .flags = {"MPOL_F_STATIC_NODES"}});
    int mode = -1;
    unsigned long nodes[16] = {};
    ASSERT_EQ(::syscall(SYS_get_mempolicy, &mode, nodes, 16 * 64, nullptr, 0), 0);
    EXPECT_EQ(mode, 2 | 1 << 15);
    EXPECT_EQ(nodes[0], 1u);
    set_memory_policy({.mode = "MPOL_DEFAULT"});
    ASSERT_EQ(::syscall(SYS_get_mempolicy, &mode, nodes, 16 * 64, nullptr, 0), 0);
    EXPECT_EQ(mode, 0);
  });
}

TEST(MemoryPolicyTest, RefusesUnknownWordsAndNodes) {
  EXPECT_EQ(error_of([] { set_memory_policy({.mode = "MPOL_BINT"}); }),
            "set memory policy MPOL_BINT: unknown mode MPOL_BINT (is MPOL_BIND meant?)");
  EXPECT_EQ(error_of([] { set_memory_policy({.mode = "MPOL_LOCAL", .flags = {"X"}}); }),
            "set memory policy MPOL_LOCAL: unknown memory policy flag X");
  EXPECT_EQ(error_of([] { set_memory_policy({.mode = "MPOL_BIND", .nodes = "all"}); }),
            "set memory policy MPOL_BIND: \"all\" is no list such as 0-3,7");
}

TEST(OomScoreAdj, IsSetForTheCallerAndForOthers) {
  in_child([] {
    set_oom_score_adj(0, 500);
    EXPECT_EQ(read_file("/proc/self/oom_score_adj"), "500\n");
    set_oom_score_adj(::getpid(), 600);
    EXPECT_EQ(read_file("/proc/self/oom_score_adj"), "600\n");
    EXPECT_EQ(error_of([] { set_oom_score_adj(0, 1001); }),
              "set oom_score_adj to 1001: write /proc/self/oom_score_adj: Invalid argument");
  });
}

}  // namespace
}  // namespace gocker
