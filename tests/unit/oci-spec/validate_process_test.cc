#include <gtest/gtest.h>

#include "oci-spec/validate.h"
#include "tests/unit/oci-spec/refusal.h"
#include "tests/unit/oci-spec/rule.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

class ProcessRule : public TestWithParam<Case> {};
TEST_P(ProcessRule, Holds) {
  expect_rule(GetParam());
}

const std::vector<Case> kProcessCases = {
    {"NoArgs", [](Spec& s) { s.process->args.clear(); },
     "/process/args: must have at least one entry"},
    {"RelativeCwd", [](Spec& s) { s.process->cwd = "tmp"; },
     "/process/cwd: must be absolute, not \"tmp\""},
    {"EmptyCwd", [](Spec& s) { s.process->cwd = ""; }, "/process/cwd: must be absolute, not \"\""},
    {"EnvWithoutName",
     [](Spec& s) {
       s.process->env = {"A=1", "=1"};
     },
     "/process/env/1: must be NAME=value, not \"=1\""},
    {"EnvEmpty", [](Spec& s) { s.process->env = {""}; },
     "/process/env/0: must be NAME=value, not \"\""},
    {"EnvWithoutValue",
     [](Spec& s) {
       s.process->env = {"A", "B=", "C==\n"};
     },
     ""},
    {"NoSuchUser", [](Spec& s) { s.process->user.uid = 4294967295; },
     "/process/user/uid: must not be 4294967295, which is no user"},
    {"NoSuchGroup", [](Spec& s) { s.process->user.gid = 4294967295; },
     "/process/user/gid: must not be 4294967295, which is no group"},
    {"CapabilityBounding",
     [](Spec& s) {
       s.process->capabilities->bounding = {"CAP_KILL", "KILL"};
     },
     "/process/capabilities/bounding/1: unknown capability \"KILL\""},
    {"CapabilityEffective", [](Spec& s) { s.process->capabilities->effective = {"CAP_X"}; },
     "/process/capabilities/effective/0: unknown capability \"CAP_X\""},
    {"CapabilityInheritable", [](Spec& s) { s.process->capabilities->inheritable = {"cap_kill"}; },
     "/process/capabilities/inheritable/0: unknown capability \"cap_kill\""},
    {"CapabilityPermitted", [](Spec& s) { s.process->capabilities->permitted = {"ALL"}; },
     "/process/capabilities/permitted/0: unknown capability \"ALL\""},
    {"CapabilityAmbient", [](Spec& s) { s.process->capabilities->ambient = {""}; },
     "/process/capabilities/ambient/0: unknown capability \"\""},
    {"CapabilityLast",
     [](Spec& s) {
       s.process->capabilities->bounding = {"CAP_CHOWN", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
                                            "CAP_CHECKPOINT_RESTORE"};
     },
     ""},
    {"NoCapabilities", [](Spec& s) { s.process->capabilities.reset(); }, ""},
    {"RlimitUnknown",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_FILES", 1, 1}};
     },
     "/process/rlimits/0/type: must be one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, "
     "RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, "
     "RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK, not "
     "\"RLIMIT_FILES\""},
    {"RlimitTwice",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_CPU", 1, 1}, {"RLIMIT_AS", 1, 1}, {"RLIMIT_CPU", 2, 2}};
     },
     "/process/rlimits/2/type: RLIMIT_CPU is set twice"},
    {"RlimitSoftAboveHard",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_CPU", 3, 2}};
     },
     "/process/rlimits/0/soft: must not be above hard (3 > 2)"},
    {"RlimitUnlimited",
     [](Spec& s) {
       s.process->rlimits = {{"RLIMIT_CPU", UINT64_MAX, UINT64_MAX}};
     },
     ""},
    {"Policy", [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_FAIR"}; },
     "/process/scheduler/policy: must be one of SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, "
     "SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE, not \"SCHED_FAIR\""},
    {"SchedulerFlag",
     [](Spec& s) {
       s.process->scheduler = Scheduler{.policy = "SCHED_OTHER", .flags = {"SCHED_FLAG_X"}};
     },
     "/process/scheduler/flags/0: must be one of SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, "
     "SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, "
     "SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX, not \"SCHED_FLAG_X\""},
    {"PriorityWithoutRealTime",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_OTHER", .priority = 1}; },
     "/process/scheduler/priority: needs the policy SCHED_FIFO or SCHED_RR, not SCHED_OTHER"},
    {"RealTimeWithoutPriority",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_RR"}; },
     "/process/scheduler/priority: must be from 1 to 99 with SCHED_RR"},
    {"RealTime",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_FIFO", .priority = 9}; }, ""},
    {"DeadlineOfAnotherPolicy",
     [](Spec& s) { s.process->scheduler = Scheduler{.policy = "SCHED_BATCH", .period = 1}; },
     "/process/scheduler: runtime, deadline and period need the policy SCHED_DEADLINE, not "
     "SCHED_BATCH"},
    {"IoClass", [](Spec& s) { s.process->io_priority = IoPriority{.io_class = "BE"}; },
     "/process/ioPriority/class: must be one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, "
     "IOPRIO_CLASS_IDLE, not \"BE\""},
    {"AffinityInitial",
     [](Spec& s) {
       s.process->exec_cpu_affinity = CpuAffinity{"0-a", ""};
     },
     "/process/execCPUAffinity/initial: must be a list such as 0-3,7, not \"0-a\""},
    {"AffinityFinal",
     [](Spec& s) {
       s.process->exec_cpu_affinity = CpuAffinity{"0-3,7", "x"};
     },
     "/process/execCPUAffinity/final: must be a list such as 0-3,7, not \"x\""},
};
INSTANTIATE_TEST_SUITE_P(Process, ProcessRule, ValuesIn(kProcessCases), named);

TEST(ValidateProcess, NamesItsOwnFileAndPath) {
  Process process;
  process.args = {"sh"};
  process.cwd = "x";
  EXPECT_EQ(refusal([&] { validate(process, "p.json", ""); }),
            "p.json: /cwd: must be absolute, not \"x\"");
  EXPECT_EQ(refusal([&] { validate(process, "config.json", "/process"); }),
            "config.json: /process/cwd: must be absolute, not \"x\"");
  process.cwd = "/";
  EXPECT_NO_THROW(validate(process, "p.json", ""));
}

}  // namespace
}  // namespace oci
