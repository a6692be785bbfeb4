// Who the process is and what it starts with: user, groups, umask, cwd, environment, arguments
// (config.md, "Process", "POSIX-platform User").
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class ProcessUser : public SystemTest {};

TEST_F(ProcessUser, IsTheOneOfTheConfiguration) {
  box.config().set("/process/user", R"({"uid": 1234, "gid": 5678})"_json);
  const Value report = box.report();
  EXPECT_EQ(report["/uid"], 1234);
  EXPECT_EQ(report["/euid"], 1234);
  EXPECT_EQ(report["/gid"], 5678);
  EXPECT_EQ(report["/egid"], 5678);
  EXPECT_EQ(report["/groups"].size(), 0U) << report["/groups"];
}

TEST_F(ProcessUser, HasTheAdditionalGroupsAndNoOthers) {
  box.config().set("/process/user",
                   R"({"uid": 1, "gid": 2, "additionalGids": [5, 6, 70000]})"_json);
  EXPECT_EQ(box.report()["/groups"], "[5, 6, 70000]"_json);
}

TEST_F(ProcessUser, GroupsOfTheCallerAreDropped) {
  Program program = box.program("run");
  program.args.insert(program.args.begin(),
                      {"/usr/bin/setpriv", "--groups", "7,8", "--regid", "0"});
  const Outcome outcome = run_program(program);
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out)["/groups"].size(), 0U);
}

// CVE-2024-40635: no wrapping round at 32 bits.
TEST_F(ProcessUser, IdsThatAreNoneAreRefused) {
  for (const char* user :
       {R"({"uid": 4294967296, "gid": 0})", R"({"uid": -1, "gid": 0})", R"({"uid": 1.5, "gid": 0})",
        R"({"uid": "0", "gid": 0})", R"({"uid": 0, "gid": 4294967296})"}) {
    box.config().set("/process/user", Value::parse(user));
    EXPECT_TRUE(fails_with(box.run(), "process/user/[ug]id")) << user;
  }
}

TEST_F(ProcessUser, LargestIdsWork) {
  KNOWN_GAP(kRunc, "it takes ids below 2^31 only");
  box.config().set("/process/user", R"({"uid": 4294967294, "gid": 4294967294})"_json);
  EXPECT_EQ(box.report()["/uid"], int64_t{4294967294});
}

TEST_F(ProcessUser, UmaskIsSet) {
  box.config().set("/process/user/umask", 027);
  EXPECT_EQ(box.report()["/umask"], "0027");
  EXPECT_EQ(box.attempt({{"create", "/tmp/f", ""}, {"stat", "/tmp/f"}}),
            (Words{"ok", "file 0640 0:0"}));
}

TEST_F(ProcessUser, UmaskIsTheCallersOtherwise) {
  KNOWN_GAP(kRunc, "it sets 0022");
  Program program = box.program("run");
  program.args.insert(program.args.begin(), {"/bin/sh", "-c", "umask 0007; exec \"$@\"", "sh"});
  const Outcome outcome = run_program(program);
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out)["/umask"], "0007");
}

TEST_F(ProcessUser, WorkingDirectoryIsSet) {
  box.config().set("/process/cwd", "/tmp");
  EXPECT_EQ(box.report()["/cwd"], "/tmp");
}

TEST_F(ProcessUser, WorkingDirectoryMayBeAMount) {
  box.bundle.add_mount("/work", "tmpfs", "tmpfs", {});
  box.config().set("/process/cwd", "/work");
  EXPECT_EQ(box.report()["/cwd"], "/work");
}

// Only its owner may enter it, and without CAP_DAC_OVERRIDE root may not.
TEST_F(ProcessUser, WorkingDirectoryIsEnteredAsTheUser) {
  std::filesystem::create_directory(box.bundle.rootfs("/home"));
  ASSERT_EQ(::chmod(box.bundle.rootfs("/home").c_str(), 0700), 0);
  ASSERT_EQ(::chown(box.bundle.rootfs("/home").c_str(), 1000, 1000), 0);
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  box.config().set("/process/capabilities", R"({"bounding": [], "permitted": []})"_json);
  box.config().set("/process/cwd", "/home");
  EXPECT_EQ(box.report()["/cwd"], "/home");
}

TEST_F(ProcessUser, EnvironmentIsThatOfTheConfiguration) {
  const Words wanted = {"PATH=/bin", "EMPTY=", "EQUALS=a=b", "TERM=xterm", "UTF8=\u00e4"};
  box.config().set("/process/env", wanted);
  Program program = box.program("run");
  program.env.push_back("OF_THE_CALLER=secret");
  const Outcome outcome = run_program(program);
  ASSERT_TRUE(succeeds(outcome));
  Words seen = Value::parse(outcome.out)["/env"].texts();
  // A home directory is what runtimes add where none is given.
  std::erase_if(seen, [](const std::string& variable) { return variable.starts_with("HOME="); });
  EXPECT_EQ(seen, wanted);
}

TEST_F(ProcessUser, HomeOfTheConfigurationWins) {
  box.config().append("/process/env", "HOME=/elsewhere");
  const Words env = box.report()["/env"].texts();
  EXPECT_EQ(std::count(env.begin(), env.end(), "HOME=/elsewhere"), 1);
  EXPECT_EQ(std::count_if(env.begin(), env.end(),
                          [](const std::string& text) { return text.starts_with("HOME="); }),
            1);
}

TEST_F(ProcessUser, ArgumentsArriveAsTheyAre) {
  const Words args = {"/inside", "report", "", "with blank", "-x", "\u00e4\n"};
  box.config().set("/process/args", args);
  const Outcome outcome = box.run();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out)["/args"], Value(args));
}

TEST_F(ProcessUser, ProgramIsLookedUpInThePathOfTheConfiguration) {
  std::filesystem::create_directory(box.bundle.rootfs("/programs"));
  std::filesystem::rename(box.bundle.rootfs("/inside"), box.bundle.rootfs("/programs/named"));
  box.config().set("/process/env", Words{"PATH=/bin:/programs"});
  box.config().set("/process/args", Words{"named", "report"});
  const Outcome outcome = box.run();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out)["/args/0"], "named");
}

TEST_F(ProcessUser, ProgramMayBeRelativeToTheWorkingDirectory) {
  box.config().set("/process/cwd", "/etc");
  box.config().set("/process/args", Words{"../inside", "report"});
  const Outcome outcome = box.run();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out)["/cwd"], "/etc");
}

TEST_F(ProcessUser, ProgramThatOnlyItsUserMayExecuteRuns) {
  ASSERT_EQ(::chown(box.bundle.rootfs("/inside").c_str(), 1000, 1000), 0);
  ASSERT_EQ(::chmod(box.bundle.rootfs("/inside").c_str(), 0500), 0);
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  EXPECT_EQ(box.report()["/uid"], 1000);
}

TEST_F(ProcessUser, SignalsAreAsAtTheStartOfAnyProgram) {
  const Value report = box.report();
  EXPECT_EQ(report["/blockedSignals"], "0000000000000000");
  EXPECT_EQ(report["/ignoredSignals"], "0000000000000000");
}

TEST_F(ProcessUser, OomScoreAdjustmentIsSet) {
  box.config().set("/process/oomScoreAdj", 321);
  EXPECT_EQ(box.report()["/oomScoreAdj"], 321);
}

TEST_F(ProcessUser, OomScoreAdjustmentIsTheCallersOtherwise) {
  int own = 0;
  std::ifstream("/proc/self/oom_score_adj") >> own;
  EXPECT_EQ(box.report()["/oomScoreAdj"], own);
}

TEST_F(ProcessUser, SessionKeyringIsNew) {
  const Value own = Value::parse(run_program({.args = {inside_program(), "report"}}).out);
  const Value report = box.report();
  EXPECT_NE(report["/keyring/serial"], own["/keyring/serial"]);
  EXPECT_NE(report["/keyring/description"].text().find(box.id()), std::string::npos)
      << report["/keyring"];
}

TEST_F(ProcessUser, SessionKeyringIsTheCallersWhereAsked) {
  const Value own = Value::parse(run_program({.args = {inside_program(), "report"}}).out);
  box.bundle.set_command({"report"});
  const Outcome outcome = box.run({"--no-new-keyring"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out)["/keyring/serial"], own["/keyring/serial"]);
}

}  // namespace
}  // namespace gocker::test
