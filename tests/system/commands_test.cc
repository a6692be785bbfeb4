// The rest of the command line: several containers by a pattern, sockets for pidfds, groups for
// exec, another configuration file, the global options for control groups, checkpoint's probes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/descriptor_socket.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Commands : public SystemTest {
 protected:
  void start(Container& container) {
    container.bundle.set_command({"sleep"});
    ASSERT_TRUE(succeeds(container.run({"--detach"})));
  }
  Outcome call_with_globals(const Words& globals, Program program) const {
    program.args.insert(program.args.begin() + 3, globals.begin(), globals.end());
    return run_program(program);
  }
  // A pidfd stands for the process that its fdinfo names.
  static std::string pid_of(const Fd& pidfd) {
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
    for (std::string word; info >> word;) {
      if (word == "Pid:" && info >> word) return word;
    }
    return "none";
  }
};

TEST_F(Commands, KillAndDeleteTakeAPattern) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "runc has no --regex";
  Container& other = add_container();
  start(box);
  start(other);
  EXPECT_TRUE(succeeds(runtime.call({"kill", "--regex", "nobody.*", "KILL"})));
  EXPECT_EQ(box.status(), "running");
  EXPECT_TRUE(succeeds(runtime.call({"kill", "--regex", "gk.*", "KILL"})));
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(other.wait_for_status("stopped"));
  EXPECT_TRUE(succeeds(runtime.call({"delete", "--regex", box.id() + "|" + other.id()})));
  EXPECT_FALSE(box.query_state());
  EXPECT_FALSE(other.query_state());
  EXPECT_TRUE(fails_with(runtime.call({"kill", "--regex", "(", "KILL"}), "--regex"));
}

TEST_F(Commands, PatternMeansTheWholeId) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "runc has no --regex";
  start(box);
  EXPECT_TRUE(succeeds(runtime.call({"delete", "--force", "--regex", box.id().substr(0, 3)})));
  EXPECT_EQ(box.status(), "running");
}

TEST_F(Commands, SignalsHaveNamesAndNumbers) {
  for (const char* signal : {"KILL", "SIGKILL", "kill", "sigkill", "9"}) {
    start(box);
    EXPECT_TRUE(succeeds(box.kill(signal))) << signal;
    EXPECT_TRUE(box.wait_for_status("stopped")) << signal;
    EXPECT_TRUE(succeeds(box.remove()));
  }
  // The first process of a pid namespace would ignore what it does not handle.
  box.bundle.remove_namespace("pid");
  for (const char* signal : {"RTMIN+3", "SIGRTMIN+3", "37", "SIGRTMAX-1"}) {
    if (!Runtime::is_gocker()) break;
    start(box);
    EXPECT_TRUE(succeeds(box.kill(signal))) << signal;
    EXPECT_TRUE(box.wait_for_status("stopped")) << signal;
    EXPECT_TRUE(succeeds(box.remove()));
  }
  start(box);
  EXPECT_TRUE(fails_with(box.kill("SIGNONSENSE"), "unknown signal .SIGNONSENSE."));
  EXPECT_TRUE(fails_with(box.kill("RTMIN+99"), "unknown signal"));
  EXPECT_TRUE(fails_with(box.kill("0"), "unknown signal"));
}

TEST_F(Commands, PidfdOfTheFirstProcessGoesToItsSocket) {
  KNOWN_GAP(kRunc, "it has no --pidfd-socket");
  const DescriptorSocket socket(path("pidfd.sock"));
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create({"--pidfd-socket", path("pidfd.sock")})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  EXPECT_EQ(pid_of(delivery.fds[0]), std::to_string(box.pid()));
}

TEST_F(Commands, PidfdOfAnExecGoesToItsSocketAndThePidToItsFile) {
  KNOWN_GAP(kRunc, "it has no --pidfd-socket");
  const DescriptorSocket socket(path("pidfd.sock"));
  start(box);
  ASSERT_TRUE(succeeds(runtime.call({"exec", "--detach", "--pidfd-socket", path("pidfd.sock"),
                                     "--pid-file", path("pid"), box.id(), "/inside", "sleep"})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  std::ifstream file(path("pid"));
  std::string pid;
  file >> pid;
  EXPECT_EQ(pid_of(delivery.fds[0]), pid);
}

TEST_F(Commands, PidfdGoesToTheSocketOfTheAnnotation) {
  KNOWN_GAP(kRunc, "it has no such annotation");
  const DescriptorSocket socket(path("pidfd.sock"));
  box.bundle.set_command({"sleep"});
  box.config().set("/annotations/run.oci.pidfd_receiver", path("pidfd.sock"));
  ASSERT_TRUE(succeeds(box.create()));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  EXPECT_EQ(pid_of(delivery.fds[0]), std::to_string(box.pid()));
}

TEST_F(Commands, PidfdSocketThatIsMissingUndoesTheContainer) {
  KNOWN_GAP(kRunc, "it has no --pidfd-socket");
  box.bundle.set_command({"sleep"});
  EXPECT_TRUE(fails_with(box.create({"--pidfd-socket", path("none.sock")}), "none.sock"));
  EXPECT_FALSE(box.query_state());
}

TEST_F(Commands, ConfigurationMayLieElsewhere) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "runc has no --config";
  box.bundle.set_command({"exit", "5"});
  box.bundle.write_config();
  fs::rename(box.bundle.path() + "/config.json", path("elsewhere.json"));
  EXPECT_EQ(runtime
                .call({"run", "--bundle", box.bundle.path(), "--config", path("elsewhere.json"),
                       box.id()})
                .code,
            5);
  EXPECT_TRUE(fails_with(
      runtime.call({"run", "-b", box.bundle.path(), "--config", path("no.json"), box.id()}),
      "no.json"));
}

TEST_F(Commands, ExecGoesIntoAGroupBelowTheContainers) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "runc means its --cgroup otherwise on v1";
  start(box);
  const std::string group = cgroup_directory("pids", box.cgroups_path());
  if (group.empty()) GTEST_SKIP() << "no pids controller here";
  fs::create_directory(group + "/sub");
  ASSERT_TRUE(succeeds(runtime.call({"exec", "--detach", "--pid-file", path("pid"), "--cgroup",
                                     "sub", box.id(), "/inside", "sleep"})));
  std::ifstream file(path("pid"));
  std::string pid;
  file >> pid;
  std::ifstream procs(group + "/sub/cgroup.procs");
  std::string member;
  procs >> member;
  EXPECT_EQ(member, pid);
  const auto exec_in = [&](const std::string& name) {
    return runtime.call({"exec", "--cgroup", name, box.id(), "/inside", "exit", "0"});
  };
  EXPECT_EQ(exec_in("../..").code, 255);
  EXPECT_NE(exec_in("../..").err.find("must not contain"), std::string::npos);
  EXPECT_NE(exec_in("none").err.find("no such group"), std::string::npos);
}

TEST_F(Commands, GroupsBySystemdAreRefusedClearlyWhereTheyAreAskedFor) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "runc needs systemd for that";
  box.bundle.set_command({"sleep"});
  for (const Words& globals : {Words{"--systemd-cgroup"}, Words{"--cgroup-manager=systemd"}}) {
    EXPECT_TRUE(fails_with(call_with_globals(globals, box.program("create")), "systemd"));
    EXPECT_FALSE(box.query_state());
  }
  // Engines give it to every command.
  start(box);
  EXPECT_TRUE(
      succeeds(call_with_globals({"--systemd-cgroup"}, runtime.program({"state", box.id()}))));
  EXPECT_TRUE(fails_with(call_with_globals({"--cgroup-manager", "x"}, runtime.program({"list"})),
                         "--cgroup-manager"));
}

TEST_F(Commands, ContainerCanStayInTheGroupsOfTheRuntime) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "runc has no --cgroup-manager";
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(
      call_with_globals({"--cgroup-manager", "disabled"}, box.program("run", {"--detach"}))));
  EXPECT_TRUE(cgroups_with(box.id()).empty());
  EXPECT_EQ(box.status(), "running");
  EXPECT_TRUE(succeeds(runtime.call({"exec", box.id(), "/inside", "exit", "0"})));
  EXPECT_TRUE(succeeds(box.kill("KILL")));
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(succeeds(box.remove()));
}

TEST_F(Commands, RootlessIsCheckedAndThenFoundOut) {
  for (const char* value : {"true", "false", "auto"}) {
    EXPECT_TRUE(succeeds(
        call_with_globals({std::string("--rootless=") + value}, runtime.program({"list"}))));
  }
  EXPECT_TRUE(
      fails_with(call_with_globals({"--rootless=maybe"}, runtime.program({"list"})), "--rootless"));
}

TEST_F(Commands, SpecForTheRootlessRuns) {
  fs::create_directory(path("new"));
  ASSERT_TRUE(succeeds(runtime.call({"spec", "--rootless", "--bundle", path("new")})));
  std::ifstream file(path("new/config.json"));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  box.config() = Value::parse(text);
  EXPECT_EQ(box.config()["/linux/uidMappings/0/hostID"], static_cast<int>(::geteuid()));
  if (!Runtime::is_gocker()) return;
  box.config().set("/process/terminal", false);
  box.config().set("/linux/cgroupsPath", box.cgroups_path());
  EXPECT_EQ(box.report()["/pid"], 1);
}

// podman and CRI-O look at these before they offer a checkpoint.
TEST_F(Commands, CheckpointAnswersTheProbesOfEngines) {
  EXPECT_TRUE(succeeds(runtime.call({"checkpoint", "--help"})));
  const Outcome probe = runtime.call({"restore", "--lsm-mount-context"});
  EXPECT_NE(probe.code, 0);
  EXPECT_NE((probe.err + probe.out).find("flag needs an argument"), std::string::npos) << probe;
}

}  // namespace
}  // namespace gocker::test
