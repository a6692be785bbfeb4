// `check`: what it says of a bundle, and that create agrees with it. Warnings and --strict.
#include <algorithm>
#include <array>
#include <fstream>

#include "tests/system/docker_config.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Check : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (!Runtime::is_gocker()) GTEST_SKIP() << "no other runtime has the command";
    box.bundle.set_command({"exit", "0"});
  }

  // `check` with the global options in front.
  Outcome check(const Words& global = {}) const {
    box.bundle.write_config();
    Words words = global;
    words.insert(words.end(), {"check", "--format", "json", "--bundle", box.bundle.path()});
    return runtime.call(words);
  }

  // The paths of the problems of that severity.
  static Words paths(const Outcome& outcome, const std::string& severity) {
    Words list;
    for (const Value& problem : Value::parse(outcome.out)["/problems"].elements()) {
      EXPECT_NE(problem["/reason"].text(), "");
      EXPECT_NE(problem["/remedy"].text(), "");
      if (problem["/severity"] == severity) list.push_back(problem["/path"].text());
    }
    return list;
  }

  // Makes the configuration one that gives a warning on every host.
  void ask_for_what_is_ignored() { box.config().set("/linux/nonsense", true); }
};

TEST_F(Check, SoundBundleWorks) {
  const Outcome outcome = check();
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(Value::parse(outcome.out)["/works"], true);
  EXPECT_EQ(Value::parse(outcome.out)["/problems"].size(), 0U) << outcome;
  EXPECT_TRUE(succeeds(box.run()));
}

TEST_F(Check, SoundBundleWithAUserNamespaceAndLimitsWorks) {
  box.bundle.use_user_namespace();
  box.config().set("/linux/resources/memory/limit", 64 << 20);
  box.config().set("/linux/resources/pids/limit", 20);
  EXPECT_TRUE(succeeds(check()));
  EXPECT_TRUE(succeeds(box.run()));
}

struct Fault {
  const char* name;
  const char* pointer;  // what is set in config.json
  const char* value;
  const char* path;  // where the problem is said to be
};

std::ostream& operator<<(std::ostream& stream, const Fault& fault) {
  return stream << fault.name;
}

constexpr Fault kFaults[] = {
    {"Version", "/ociVersion", R"("3.0.0")", "/ociVersion"},
    {"Type", "/process/cwd", "7", "/process/cwd"},
    {"Rootfs", "/root/path", R"("no-such-directory")", "/root/path"},
    {"Program", "/process/args", R"(["/no/such/program"])", "/process/args/0"},
    {"Hostname", "/linux/namespaces", R"([{"type": "mount"}])", "/hostname"},
    {"NamespacePath", "/linux/namespaces/0/path", R"("/no/such/namespace")",
     "/linux/namespaces/0/path"},
    {"NamespaceOfAnotherType", "/linux/namespaces/0/path", R"("/proc/self/ns/uts")",
     "/linux/namespaces/0/path"},
    {"Filesystem", "/mounts/0/type", R"("nonsense")", "/mounts/0/type"},
    {"TmpfsOption", "/mounts/1/options", R"(["size=much"])", "/mounts/1/options"},
    {"BindSource", "/mounts/3",
     R"({"destination": "/x", "source": "/no/such", "options": ["bind"]})", "/mounts/3/source"},
    {"Idmap", "/mounts/3",
     R"({"destination": "/x", "source": "/tmp", "options": ["bind", "idmap"]})",
     "/mounts/3/options"},
    {"CgroupsPath", "/linux/cgroupsPath", R"("/a/../b")", "/linux/cgroupsPath"},
    {"Cpus", "/linux/resources/cpu", R"({"cpus": "7000"})", "/linux/resources/cpu/cpus"},
    {"CpuPeriod", "/linux/resources/cpu", R"({"period": 1})", "/linux/resources/cpu/period"},
    {"Rdma", "/linux/resources/rdma", R"({"gk0": {"hcaHandles": 1}})", "/linux/resources/rdma/gk0"},
    {"HugePages", "/linux/resources/hugepageLimits", R"([{"pageSize": "3MB", "limit": 1}])",
     "/linux/resources/hugepageLimits/0"},
    {"Unified", "/linux/resources/unified", R"({"gk.nonsense": "1"})",
     "/linux/resources/unified/gk.nonsense"},
    {"DeviceLetters", "/linux/resources/devices", R"([{"allow": true, "access": "x"}])",
     "/linux/resources/devices/0/access"},
    {"SeccompArchitecture", "/linux/seccomp",
     R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_MIPS"]})",
     "/linux/seccomp"},
    {"AppArmor", "/process/apparmorProfile", R"("gk-no-such-profile")", "/process/apparmorProfile"},
    {"SeLinux", "/process/selinuxLabel", R"("gk_u:no_r:such_t:s0")", "/process/selinuxLabel"},
    {"MountLabel", "/linux/mountLabel", R"("gk_u:no_r:such_t:s0")", "/linux/mountLabel"},
    {"NetDevice", "/linux/netDevices", R"({"gk-none0": {}})", "/linux/netDevices/gk-none0"},
    {"Rlimit", "/process/rlimits", R"([{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 9999999999}])",
     "/process/rlimits/0"},
    {"Sysctl", "/linux/sysctl", R"({"kernel.core_pattern": "x"})",
     "/linux/sysctl/kernel.core_pattern"},
    {"MemoryPolicy", "/linux/memoryPolicy", R"({"mode": "MPOL_BIND", "nodes": "999"})",
     "/linux/memoryPolicy"},
    {"Hook", "/hooks/prestart", R"([{"path": "/no/such/hook"}])", "/hooks/prestart/0/path"},
};

TEST_F(Check, IntelRdtIsTried) {
  box.config().set("/linux/intelRdt/closID", "gk-no-such-class");
  const Words problems = paths(check(), "error");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].starts_with("/linux/intelRdt")) << problems[0];
  EXPECT_TRUE(fails_with(box.run(), problems[0]));
}

class EachFault : public Check, public ::testing::WithParamInterface<Fault> {};
INSTANTIATE_TEST_SUITE_P(Check, EachFault, ::testing::ValuesIn(kFaults),
                         [](const ::testing::TestParamInfo<Fault>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(EachFault, IsToldAndCreateFailsToo) {
  const Fault& fault = GetParam();
  box.config().set(fault.pointer, Value::parse(fault.value));
  const Outcome outcome = check();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(paths(outcome, "error"), Words{fault.path}) << outcome;
  expect_nothing_left();
  EXPECT_TRUE(fails_with(box.run(), "."));
}

TEST_F(Check, AllFaultsAreToldAtOnce) {
  Words wanted;
  for (const Fault& fault : kFaults) {
    // Some are in the way of others: what hangs on them is not asked.
    constexpr std::array kAlone = {"Rootfs",      "Hostname",  "NamespacePath",         "Idmap",
                                   "CgroupsPath", "CpuPeriod", "NamespaceOfAnotherType"};
    if (std::find(kAlone.begin(), kAlone.end(), std::string_view(fault.name)) != kAlone.end()) {
      continue;
    }
    box.config().set(fault.pointer, Value::parse(fault.value));
    wanted.emplace_back(fault.path);
  }
  Words told = paths(check(), "error");
  std::sort(wanted.begin(), wanted.end());
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, wanted);
}

TEST_F(Check, TextIsForPeople) {
  box.config().set("/root/path", "no-such-directory");
  box.bundle.write_config();
  const Outcome outcome = runtime.call({"check", "--bundle", box.bundle.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("error: /root/path: "), std::string::npos) << outcome;
  EXPECT_NE(outcome.out.find("does not work on this host"), std::string::npos) << outcome;
}

TEST_F(Check, WhatIsNoJsonIsOneProblem) {
  std::ofstream(box.bundle.path() + "/config.json") << "{\"ociVersion\": ";
  const Outcome outcome =
      runtime.call({"check", "--format", "json", "--bundle", box.bundle.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(paths(outcome, "error"), Words{""});
  EXPECT_NE(outcome.out.find("line 1"), std::string::npos) << outcome;
}

TEST_F(Check, BundleThatIsMissingIsOneProblem) {
  const Outcome outcome = runtime.call({"check", "--format=json", "--bundle", path("nowhere")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(paths(outcome, "error"), Words{""});
}

TEST_F(Check, WarningsDoNotCountButWithStrict) {
  ask_for_what_is_ignored();
  const Outcome outcome = check();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(paths(outcome, "warning"), Words{"/linux/nonsense"});
  const Outcome strict = check({"--strict"});
  EXPECT_EQ(strict.code, 1);
  EXPECT_EQ(paths(strict, "error"), Words{"/linux/nonsense"});
}

TEST_F(Check, DockersConfigurationHasNoError) {
  docker_config(box, path(""));
  const Outcome outcome = check();
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_EQ(paths(outcome, "error"), Words{});
}

// --- create and its warnings ---------------------------------------------------------------------

class Warnings : public Check {
 protected:
  Outcome run_with_log(const Words& global) {
    Program program = box.program("run");
    Words words = {"--log", path("log"), "--log-format", "json"};
    words.insert(words.end(), global.begin(), global.end());
    program.args.insert(program.args.begin() + 3, words.begin(), words.end());
    return run_program(program);
  }
  std::string log() const {
    std::ifstream file(path("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(Warnings, AreSilentWithoutDebug) {
  ask_for_what_is_ignored();
  const Outcome outcome = run_with_log({});
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(log(), "");
}

TEST_F(Warnings, AreInTheLogWithDebugAndNotOnTheStandardError) {
  ask_for_what_is_ignored();
  const Outcome outcome = run_with_log({"--debug"});
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "");
  const Value line = Value::parse(log());
  EXPECT_EQ(line["/level"], "warning");
  EXPECT_TRUE(line["/msg"].text().starts_with("/linux/nonsense: ")) << line;
}

TEST_F(Warnings, AreNotInTheLogOfAFailure) {
  ask_for_what_is_ignored();
  box.config().set("/process/args", Words{"/no/such/program"});
  EXPECT_TRUE(fails_with(run_with_log({"--debug"}), "/no/such/program"));
  EXPECT_EQ(Value::parse(log())["/level"], "error");
}

TEST_F(Warnings, AreErrorsWithStrict) {
  ask_for_what_is_ignored();
  EXPECT_TRUE(fails_with(run_with_log({"--strict"}), "/linux/nonsense: .*--strict"));
  EXPECT_EQ(Value::parse(log())["/level"], "error");
  expect_nothing_left();
}

TEST_F(Warnings, SoundConfigurationIsFineWithStrict) {
  EXPECT_TRUE(succeeds(run_with_log({"--strict", "--debug"})));
  EXPECT_EQ(log(), "");
}

TEST_F(Warnings, UnknownSystemCallIsOne) {
  box.config().set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
      {"names": ["gk_no_such_call"], "action": "SCMP_ACT_ERRNO"}]})"_json);
  EXPECT_TRUE(succeeds(run_with_log({"--debug"})));
  EXPECT_NE(log().find("/linux/seccomp/syscalls: unknown system call gk_no_such_call"),
            std::string::npos)
      << log();
  EXPECT_TRUE(fails_with(run_with_log({"--strict"}), "gk_no_such_call"));
}

}  // namespace
}  // namespace gocker::test
