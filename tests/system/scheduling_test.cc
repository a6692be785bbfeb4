// CPU and I/O scheduling, CPU affinity, memory policy and personality (config.md, "Linux Process";
// config-linux.md, "Memory policy" and "Personality").
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Scheduling : public SystemTest {
 protected:
  Value scheduling() { return box.report()["/scheduling"]; }
  // With cgroup v1 and CONFIG_RT_GROUP_SCHED a group runs real-time tasks only in a share of its
  // own.
  void give_realtime_share() {
    const std::string file = cgroup_directory("cpu", "/") + "/cpu.rt_runtime_us";
    if (!cgroups_are_unified() && ::access(file.c_str(), F_OK) == 0) {
      box.config().set("/linux/resources/cpu/realtimeRuntime", 10000);
    }
  }
};

struct Policy {
  const char* name;
  int priority;
};
constexpr Policy kPolicies[] = {
    {"SCHED_OTHER", 0}, {"SCHED_BATCH", 0}, {"SCHED_IDLE", 0}, {"SCHED_FIFO", 10}, {"SCHED_RR", 20},
};
std::ostream& operator<<(std::ostream& stream, const Policy& policy) {
  return stream << policy.name;
}

class SchedulerPolicy : public Scheduling, public ::testing::WithParamInterface<Policy> {};
INSTANTIATE_TEST_SUITE_P(Scheduling, SchedulerPolicy, ::testing::ValuesIn(kPolicies),
                         [](const ::testing::TestParamInfo<Policy>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(SchedulerPolicy, IsSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler/policy", GetParam().name);
  box.config().set("/process/scheduler/priority", GetParam().priority);
  if (GetParam().priority > 0) give_realtime_share();
  const Value seen = scheduling();
  EXPECT_EQ(seen["/policy"], GetParam().name);
  EXPECT_EQ(seen["/priority"], GetParam().priority);
}

TEST_F(Scheduling, NiceIsSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler", R"({"policy": "SCHED_OTHER", "nice": 7})"_json);
  EXPECT_EQ(scheduling()["/nice"], 7);
}

TEST_F(Scheduling, NiceMayBeNegative) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler", R"({"policy": "SCHED_BATCH", "nice": -5})"_json);
  EXPECT_EQ(scheduling()["/nice"], -5);
}

TEST_F(Scheduling, DeadlineHasItsThreeTimes) {
  KNOWN_GAP(kRunc, "it does not know the property");
  // A deadline task may fork only where its child becomes an ordinary one.
  box.config().set("/process/scheduler", R"({"policy": "SCHED_DEADLINE", "runtime": 5000000,
      "deadline": 10000000, "period": 20000000, "flags": ["SCHED_FLAG_RESET_ON_FORK"]})"_json);
  const Value seen = scheduling();
  EXPECT_EQ(seen["/policy"], "SCHED_DEADLINE");
  EXPECT_EQ(seen["/runtime"], 5000000);
  EXPECT_EQ(seen["/deadline"], 10000000);
  EXPECT_EQ(seen["/period"], 20000000);
}

TEST_F(Scheduling, FlagResetOnForkIsSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler",
                   R"({"policy": "SCHED_BATCH", "flags": ["SCHED_FLAG_RESET_ON_FORK"]})"_json);
  EXPECT_EQ(scheduling()["/flags"], 1);
}

TEST_F(Scheduling, FlagsOfADeadlineAreSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler", R"({"policy": "SCHED_DEADLINE", "runtime": 5000000,
      "deadline": 10000000, "period": 10000000, "flags": ["SCHED_FLAG_RESET_ON_FORK",
      "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]})"_json);
  EXPECT_EQ(scheduling()["/flags"], 1 | 2 | 4);
}

// With both flags the call changes nothing: nice stays that of the caller.
TEST_F(Scheduling, FlagsThatKeepLeaveThingsAsTheyAre) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler", R"({"policy": "SCHED_BATCH", "nice": 9,
      "flags": ["SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS"]})"_json);
  const Value seen = scheduling();
  EXPECT_EQ(seen["/policy"], "SCHED_OTHER");
  EXPECT_EQ(seen["/nice"], ::getpriority(PRIO_PROCESS, 0));
}

class UtilizationClamp : public Scheduling, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Scheduling, UtilizationClamp,
                         ::testing::Values("SCHED_FLAG_UTIL_CLAMP_MIN",
                                           "SCHED_FLAG_UTIL_CLAMP_MAX"),
                         [](const ::testing::TestParamInfo<const char*>& flag) {
                           return std::string(flag.param);
                         });

// The specification names the flags and has no properties for the values.
TEST_P(UtilizationClamp, IsTakenWhereTheKernelHasIt) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler/policy", "SCHED_OTHER");
  box.config().append("/process/scheduler/flags", GetParam());
  const bool kernel_has_it = ::access("/proc/sys/kernel/sched_util_clamp_min", F_OK) == 0;
  if (kernel_has_it) {
    EXPECT_EQ(scheduling()["/policy"], "SCHED_OTHER");
  } else {
    EXPECT_TRUE(
        fails_with(box.run(), "set scheduler SCHED_OTHER: sched_setattr: Operation not supported"));
  }
}

TEST_F(Scheduling, UnknownPolicyIsAnErrorWithTheLikelyName) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler/policy", "SCHED_BACH");
  EXPECT_TRUE(fails_with(box.create(), "/process/scheduler/policy: must be one of .*SCHED_BATCH"));
}

TEST_F(Scheduling, IsoIsAnErrorThatSaysWhy) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/scheduler/policy", "SCHED_ISO");
  EXPECT_TRUE(fails_with(box.create(), "set scheduler SCHED_ISO: no kernel has this policy"));
}

struct IoClass {
  const char* name;
  int number;
  int priority;
};
constexpr IoClass kIoClasses[] = {
    {"IOPRIO_CLASS_RT", 1, 3}, {"IOPRIO_CLASS_BE", 2, 6}, {"IOPRIO_CLASS_IDLE", 3, 0}};
std::ostream& operator<<(std::ostream& stream, const IoClass& row) {
  return stream << row.name;
}

class IoPriority : public Scheduling, public ::testing::WithParamInterface<IoClass> {};
INSTANTIATE_TEST_SUITE_P(Scheduling, IoPriority, ::testing::ValuesIn(kIoClasses),
                         [](const ::testing::TestParamInfo<IoClass>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(IoPriority, IsSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/process/ioPriority/class", GetParam().name);
  box.config().set("/process/ioPriority/priority", GetParam().priority);
  const Value seen = scheduling();
  EXPECT_EQ(seen["/ioClass"], GetParam().number);
  EXPECT_EQ(seen["/ioPriority"], GetParam().priority);
}

// --- memory policy -------------------------------------------------------------------------------

struct MemoryMode {
  const char* name;
  int number;
  const char* nodes;
};
constexpr MemoryMode kMemoryModes[] = {
    {"MPOL_DEFAULT", 0, ""},
    {"MPOL_PREFERRED", 1, "0"},
    {"MPOL_BIND", 2, "0"},
    {"MPOL_INTERLEAVE", 3, "0"},
    {"MPOL_LOCAL", 4, ""},
    {"MPOL_PREFERRED_MANY", 5, "0"},
    {"MPOL_WEIGHTED_INTERLEAVE", 6, "0"},
};
std::ostream& operator<<(std::ostream& stream, const MemoryMode& mode) {
  return stream << mode.name;
}

class MemoryPolicy : public Scheduling, public ::testing::WithParamInterface<MemoryMode> {};
INSTANTIATE_TEST_SUITE_P(Scheduling, MemoryPolicy, ::testing::ValuesIn(kMemoryModes),
                         [](const ::testing::TestParamInfo<MemoryMode>& row) {
                           return std::string(row.param.name);
                         });

// Whether the kernel knows the mode is asked by a process that is none of a container.
bool kernel_knows_mode(int mode) {
  unsigned long nodes = 1;
  const bool known = ::syscall(SYS_set_mempolicy, mode, &nodes, 8 * sizeof nodes) == 0;
  ::syscall(SYS_set_mempolicy, 0, nullptr, 0);
  return known;
}

TEST_P(MemoryPolicy, IsSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  const bool with_nodes = *GetParam().nodes != '\0';
  if (with_nodes && !kernel_knows_mode(GetParam().number)) {
    GTEST_SKIP() << "this kernel does not know " << GetParam().name;
  }
  box.config().set("/linux/memoryPolicy/mode", GetParam().name);
  if (with_nodes) box.config().set("/linux/memoryPolicy/nodes", GetParam().nodes);
  const Value seen = scheduling();
  EXPECT_EQ(seen["/memoryMode"], GetParam().number);
  EXPECT_EQ(seen["/memoryNodes"], with_nodes ? 1 : 0);
}

struct MemoryFlag {
  const char* name;
  const char* mode;
  int seen;
};
constexpr MemoryFlag kMemoryFlags[] = {
    {"MPOL_F_STATIC_NODES", "MPOL_INTERLEAVE", 3 | 1 << 15},
    {"MPOL_F_RELATIVE_NODES", "MPOL_INTERLEAVE", 3 | 1 << 14},
    {"MPOL_F_NUMA_BALANCING", "MPOL_BIND", 2 | 1 << 13},
};
std::ostream& operator<<(std::ostream& stream, const MemoryFlag& flag) {
  return stream << flag.name;
}

class MemoryPolicyFlag : public Scheduling, public ::testing::WithParamInterface<MemoryFlag> {};
INSTANTIATE_TEST_SUITE_P(Scheduling, MemoryPolicyFlag, ::testing::ValuesIn(kMemoryFlags),
                         [](const ::testing::TestParamInfo<MemoryFlag>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(MemoryPolicyFlag, IsSet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/memoryPolicy/mode", GetParam().mode);
  box.config().set("/linux/memoryPolicy/nodes", "0");
  box.config().append("/linux/memoryPolicy/flags", GetParam().name);
  EXPECT_EQ(scheduling()["/memoryMode"], GetParam().seen);
}

TEST_F(Scheduling, MemoryNodesThatAreNoListAreAnError) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/memoryPolicy", R"({"mode": "MPOL_BIND", "nodes": "zero"})"_json);
  EXPECT_TRUE(fails_with(box.run(),
                         "/linux/memoryPolicy/nodes: must be a list such as 0-3,7, not \"zero\""));
}

// --- personality ---------------------------------------------------------------------------------

TEST_F(Scheduling, PersonalityLinux32ShowsA32BitMachine) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/personality/domain", "LINUX32");
  const Value report = box.report();
  EXPECT_EQ(report["/personality"], 8);
  EXPECT_NE(report["/machine"], "x86_64");
}

TEST_F(Scheduling, PersonalityLinuxIsThePlainOne) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/personality/domain", "LINUX");
  EXPECT_EQ(box.report()["/personality"], 0);
}

TEST_F(Scheduling, PersonalityHasNoFlagsYet) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/personality", R"({"domain": "LINUX", "flags": ["ANY"]})"_json);
  EXPECT_TRUE(fails_with(box.run(), "/linux/personality/flags"));
}

// --- exec ----------------------------------------------------------------------------------------

class OfExec : public Scheduling {
 protected:
  // Of a report in the running container; `more` is set in its process.
  Value scheduling_of_exec(const std::string& pointer = "", const char* more = "null") {
    box.bundle.set_command({"sleep"});
    EXPECT_TRUE(succeeds(box.run({"--detach"})));
    Value process = box.config()["/process"];
    process.set("/args", Words{"/inside", "report"});
    if (!pointer.empty()) process.set(pointer, Value::parse(more));
    std::ofstream(path("process.json")) << process.dump();
    const Outcome outcome =
        box.runtime().call({"exec", "--process", path("process.json"), box.id()});
    EXPECT_TRUE(succeeds(outcome));
    return outcome ? Value::parse(outcome.out)["/scheduling"] : Value();
  }
};

TEST_F(OfExec, PolicyAndIoPriorityAreSetToo) {
  KNOWN_GAP(kRunc, "it does not know the properties");
  box.config().set("/process/ioPriority", R"({"class": "IOPRIO_CLASS_BE", "priority": 5})"_json);
  const Value seen = scheduling_of_exec("/scheduler", R"({"policy": "SCHED_BATCH", "nice": 3})");
  EXPECT_EQ(seen["/policy"], "SCHED_BATCH");
  EXPECT_EQ(seen["/nice"], 3);
  EXPECT_EQ(seen["/ioPriority"], 5);
}

TEST_F(OfExec, MemoryPolicyIsTheContainers) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/memoryPolicy", R"({"mode": "MPOL_BIND", "nodes": "0"})"_json);
  EXPECT_EQ(scheduling_of_exec()["/memoryMode"], 2);
}

class ExecAffinity : public OfExec {
 protected:
  void SetUp() override {
    OfExec::SetUp();
    if (!IsSkipped() && ::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "one CPU only";
  }
  Value cpus_of_exec(const char* affinity) {
    return scheduling_of_exec("/execCPUAffinity", affinity)["/cpus"];
  }
};

TEST_F(ExecAffinity, FinalIsThatOfTheProgram) {
  KNOWN_GAP(kRunc, "it does not know the property");
  EXPECT_EQ(cpus_of_exec(R"({"initial": "0", "final": "1"})"), "[1]"_json);
}

TEST_F(ExecAffinity, InitialAloneDoesNotLeaveTheGroupsCpus) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.config().set("/linux/resources/cpu/cpus", "1");
  EXPECT_EQ(cpus_of_exec(R"({"initial": "0"})"), "[1]"_json);
}

TEST_F(ExecAffinity, InitialMustBeAList) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  Value process = box.config()["/process"];
  process.set("/execCPUAffinity", R"({"initial": "first"})"_json);
  std::ofstream(path("process.json")) << process.dump();
  const Outcome outcome = box.runtime().call({"exec", "--process", path("process.json"), box.id()});
  EXPECT_EQ(outcome.code, 255);
  EXPECT_NE(outcome.err.find("execCPUAffinity"), std::string::npos) << outcome;
}

TEST_F(ExecAffinity, IsNotThatOfTheFirstProcess) {
  box.config().set("/process/execCPUAffinity", R"({"initial": "1", "final": "1"})"_json);
  EXPECT_GT(scheduling()["/cpus"].size(), 1U);
}

}  // namespace
}  // namespace gocker::test
