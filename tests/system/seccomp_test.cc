// System call filters (config-linux.md, "Seccomp").
#include <sys/stat.h>

#include "tests/system/docker_config.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Seccomp : public SystemTest {
 protected:
  // All is allowed but what the rule says.
  void set_rule(const std::string& json) {
    box.config().set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW"})"_json);
    box.config().append("/linux/seccomp/syscalls", Value::parse(json));
  }
};

TEST_F(Seccomp, DeniedCallGivesEperm) {
  set_rule(R"({"names": ["getpriority", "sync"], "action": "SCMP_ACT_ERRNO"})");
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}, {"syscall", "sync"}, {"syscall", "getpid"}}),
            (Words{"EPERM", "EPERM", "ok"}));
  EXPECT_EQ(box.report()["/seccomp"], "2");
}

TEST_F(Seccomp, ErrnoOfTheRuleIsGiven) {
  set_rule(R"({"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})");
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"ENOSYS"});
}

TEST_F(Seccomp, ErrnoZeroMeansSuccess) {
  set_rule(R"({"names": ["swapoff"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0})");
  EXPECT_EQ(box.attempt({{"syscall", "swapoff"}}), Words{"ok"});
}

TEST_F(Seccomp, DefaultErrnoIsGiven) {
  box.config().set("/linux/seccomp", allow_list_profile());
  box.config().set("/linux/seccomp/defaultErrnoRet", 13);
  EXPECT_EQ(box.attempt({{"syscall", "sched_setparam"}}), Words{"EACCES"});
}

TEST_F(Seccomp, KillingActionsKill) {
  for (const char* action :
       {"SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"}) {
    set_rule(std::string(R"({"names": ["getpriority"], "action": ")") + action + "\"}");
    EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"killed by SYS"}) << action;
  }
}

TEST_F(Seccomp, TraceWithoutATracerGivesEnosys) {
  set_rule(R"({"names": ["getpriority"], "action": "SCMP_ACT_TRACE"})");
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"ENOSYS"});
}

TEST_F(Seccomp, LoggedCallWorks) {
  set_rule(R"({"names": ["getpriority"], "action": "SCMP_ACT_LOG"})");
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"ok"});
}

struct ActionRow {
  const char* name;
  const char* answer;  // to a call that has this action
};
std::ostream& operator<<(std::ostream& stream, const ActionRow& row) {
  return stream << row.name;
}
std::string action_name(const ::testing::TestParamInfo<ActionRow>& row) {
  return row.param.name;
}
constexpr ActionRow kActions[] = {
    {"SCMP_ACT_KILL", "killed by SYS"},
    {"SCMP_ACT_KILL_PROCESS", "killed by SYS"},
    {"SCMP_ACT_KILL_THREAD", "killed by SYS"},
    {"SCMP_ACT_TRAP", "killed by SYS"},
    {"SCMP_ACT_ERRNO", "EPERM"},
    {"SCMP_ACT_TRACE", "ENOSYS"},
    {"SCMP_ACT_ALLOW", "ok"},
    {"SCMP_ACT_LOG", "ok"},
};

class Action : public Seccomp, public ::testing::WithParamInterface<ActionRow> {};
INSTANTIATE_TEST_SUITE_P(Seccomp, Action, ::testing::ValuesIn(kActions), action_name);

TEST_P(Action, OfARuleHolds) {
  set_rule(std::string(R"({"names": ["getpriority"], "action": ")") + GetParam().name + "\"}");
  // Another default, or a rule that allows would say nothing.
  if (GetParam().name == std::string("SCMP_ACT_ALLOW")) {
    box.config().set("/linux/seccomp/defaultAction", "SCMP_ACT_LOG");
  }
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}, {"syscall", "getpid"}}),
            (Words{GetParam().answer, "ok"}));
}

TEST_P(Action, OfTheDefaultHolds) {
  box.config().set("/linux/seccomp", allow_list_profile());
  box.config().set("/linux/seccomp/defaultAction", GetParam().name);
  box.config().remove("/linux/seccomp/defaultErrnoRet");
  // Let through, the call complains of its arguments.
  EXPECT_EQ(box.attempt({{"syscall", "sched_setparam", "0"}, {"syscall", "getpid"}}),
            (Words{GetParam().answer == std::string("ok") ? "EINVAL" : GetParam().answer, "ok"}));
}

TEST_F(Seccomp, AllowListAllowsAndDenies) {
  box.config().set("/linux/seccomp", allow_list_profile());
  EXPECT_EQ(box.attempt({{"syscall", "getpid"},
                         {"fork", "2"},
                         {"syscall", "reboot"},
                         {"syscall", "kexec_load"},
                         {"syscall", "unshare", "0x10000000"},
                         {"syscall", "keyctl", "0", "-3"},
                         {"syscall", "ptrace"},
                         {"syscall", "personality", "0xffffffff"},
                         {"syscall", "personality", "0x0040000"}}),
            (Words{"ok", "2", "EPERM", "EPERM", "EPERM", "EPERM", "EPERM", "ok", "EPERM"}));
}

TEST_F(Seccomp, FilterIsSetWithAndWithoutNoNewPrivileges) {
  for (const bool no_new_privileges : {true, false}) {
    box.config().set("/linux/seccomp", allow_list_profile());
    box.config().set("/process/noNewPrivileges", no_new_privileges);
    const Value report = box.report();
    EXPECT_EQ(report["/seccomp"], "2");
    EXPECT_EQ(report["/noNewPrivileges"], no_new_privileges);
  }
}

TEST_F(Seccomp, FilterIsSetForAnotherUserWithoutCapabilities) {
  box.config().set("/linux/seccomp", allow_list_profile());
  box.config().set("/process/noNewPrivileges", false);
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  box.config().set("/process/capabilities",
                   R"({"bounding": [], "permitted": [], "effective": []})"_json);
  const Value report = box.report();
  EXPECT_EQ(report["/seccomp"], "2");
  EXPECT_EQ(report["/capabilities/bounding"].size(), 0U);
}

// The runtime's own last calls must not need what the filter forbids.
TEST_F(Seccomp, FilterThatForbidsWhatTheRuntimeUsesWorks) {
  KNOWN_GAP(kRunc, "it goes on working after it has set the filter");
  set_rule(R"({"names": ["capset", "chdir", "close_range", "fcntl", "getcwd", "mount", "openat",
      "openat2", "prctl", "recvmsg", "seccomp", "sendmsg", "setgid", "setgroups", "setresgid",
      "setresuid", "setuid", "socket"], "action": "SCMP_ACT_KILL_PROCESS"})");
  box.bundle.set_command({"exit", "9"});
  EXPECT_EQ(box.run().code, 9);
}

// Without no_new_privs the filter needs CAP_SYS_ADMIN, so only the last capset(2) comes after it.
TEST_F(Seccomp, FilterThatForbidsWhatTheRuntimeUsesWorksWithoutNoNewPrivileges) {
  KNOWN_GAP(kRunc, "it goes on working after it has set the filter");
  set_rule(R"({"names": ["chdir", "getcwd", "mount", "openat", "openat2", "recvmsg", "seccomp",
      "sendmsg", "setgid", "setgroups", "setresgid", "setresuid", "setuid", "socket"],
      "action": "SCMP_ACT_KILL_PROCESS"})");
  box.config().set("/process/noNewPrivileges", false);
  box.bundle.set_command({"exit", "9"});
  EXPECT_EQ(box.run().code, 9);
}

struct Comparison {
  const char* name;
  const char* arg;
  std::vector<const char*> denied;
  std::vector<const char*> allowed;
};

std::ostream& operator<<(std::ostream& stream, const Comparison& row) {
  return stream << row.name;
}

class ArgumentOperator : public SystemTest, public ::testing::WithParamInterface<Comparison> {};

// 4294967296 is 2^32: comparisons are of 64 bits.
INSTANTIATE_TEST_SUITE_P(
    Seccomp, ArgumentOperator,
    ::testing::Values(
        Comparison{"SCMP_CMP_NE",
                   R"("value": 10, "op": "SCMP_CMP_NE")",
                   {"9", "11", "4294967306"},
                   {"10"}},
        Comparison{
            "SCMP_CMP_LT", R"("value": 10, "op": "SCMP_CMP_LT")", {"0", "9"}, {"10", "4294967296"}},
        Comparison{"SCMP_CMP_LE",
                   R"("value": 10, "op": "SCMP_CMP_LE")",
                   {"0", "10"},
                   {"11", "4294967296"}},
        Comparison{"SCMP_CMP_EQ",
                   R"("value": 10, "op": "SCMP_CMP_EQ")",
                   {"10"},
                   {"9", "11", "4294967306"}},
        Comparison{
            "SCMP_CMP_GE", R"("value": 10, "op": "SCMP_CMP_GE")", {"10", "4294967296"}, {"0", "9"}},
        Comparison{"SCMP_CMP_GT",
                   R"("value": 10, "op": "SCMP_CMP_GT")",
                   {"11", "4294967296"},
                   {"9", "10"}},
        Comparison{"EQofALargeValue",
                   R"("value": 4294967306, "op": "SCMP_CMP_EQ")",
                   {"4294967306"},
                   {"10", "4294967305"}},
        Comparison{"SCMP_CMP_MASKED_EQ",
                   R"("value": 12, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ")",
                   {"8", "9", "10", "4294967304"},
                   {"4", "12", "0"}}),
    [](const ::testing::TestParamInfo<Comparison>& row) { return row.param.name; });

TEST_P(ArgumentOperator, ComparesAsItsNameSays) {
  // The second argument of lseek(2) is an offset: any number will do, on no file at all EBADF.
  box.config().set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW"})"_json);
  box.config().append("/linux/seccomp/syscalls",
                      Value::parse(std::string(R"({"names": ["lseek"], "action": "SCMP_ACT_ERRNO",
                          "errnoRet": 61, "args": [{"index": 1, )") +
                                   GetParam().arg + "}]}"));
  std::vector<Words> acts;
  Words expected;
  for (const char* value : GetParam().denied) {
    acts.push_back({"syscall", "lseek", "-1", value});
    expected.emplace_back("ENODATA");
  }
  for (const char* value : GetParam().allowed) {
    acts.push_back({"syscall", "lseek", "-1", value});
    expected.emplace_back("EBADF");
  }
  EXPECT_EQ(box.attempt(acts), expected);
}

TEST_F(Seccomp, AllArgumentsOfARuleMustMatch) {
  set_rule(R"({"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61, "args": [
      {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 2, "op": "SCMP_CMP_EQ"}]})");
  EXPECT_EQ(box.attempt({{"syscall", "lseek", "-1", "1", "2"},
                         {"syscall", "lseek", "-1", "1", "0"},
                         {"syscall", "lseek", "-1", "0", "2"}}),
            (Words{"ENODATA", "EBADF", "EBADF"}));
}

TEST_F(Seccomp, SeveralRulesForOneCallAllHold) {
  set_rule(R"({"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61,
      "args": [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]})");
  box.config().append("/linux/seccomp/syscalls",
                      R"({"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 62,
      "args": [{"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]})"_json);
  EXPECT_EQ(box.attempt({{"syscall", "lseek", "-1", "1"},
                         {"syscall", "lseek", "-1", "2"},
                         {"syscall", "lseek", "-1", "3"}}),
            (Words{"ENODATA", "ETIME", "EBADF"}));
}

// Profiles are written for more kernels and libraries than one.
TEST_F(Seccomp, UnknownCallIsIgnored) {
  set_rule(R"({"names": ["call_of_the_future", "getpriority"], "action": "SCMP_ACT_ERRNO"})");
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"EPERM"});
}

TEST_F(Seccomp, FlagsAreAccepted) {
  KNOWN_GAP(kRunc, "it supports no flags");
  set_rule(R"({"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"})");
  box.config().set("/linux/seccomp/flags",
                   Words{"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"});
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"EPERM"});
}

TEST_F(Seccomp, TsyncIsAccepted) {
  KNOWN_GAP(kRunc, "it supports no flags");
  set_rule(R"({"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"})");
  box.config().set("/linux/seccomp/flags", Words{"SECCOMP_FILTER_FLAG_TSYNC"});
  EXPECT_EQ(box.attempt({{"syscall", "getpriority"}}), Words{"EPERM"});
}

TEST_F(Seccomp, FilterHoldsForChildren) {
  set_rule(R"({"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"})");
  EXPECT_EQ(box.attempt({{"exec", "/inside", "try", "syscall", "getpriority"}}),
            Words{"[\"EPERM\"]\n"});
}

TEST_F(Seccomp, NoProfileMeansNoFilter) {
  EXPECT_EQ(box.report()["/seccomp"], "0");
}

}  // namespace
}  // namespace gocker::test
