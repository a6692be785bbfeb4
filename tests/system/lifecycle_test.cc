// The operations and states of runtime.md, and what engines expect of the command line around them.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Lifecycle : public SystemTest {
 protected:
  // Creates and starts `box` with `inside WORDS`.
  void start_box(const Words& words) {
    box.bundle.set_command(words);
    ASSERT_TRUE(succeeds(box.create()));
    ASSERT_TRUE(succeeds(box.start()));
  }
  // Until init and its children are in the container's control groups.
  bool has_processes(size_t count) const {
    return wait_until([&] {
      const Outcome outcome = runtime.call({"ps", "--format", "json", box.id()});
      return outcome && Value::parse(outcome.out).size() == count;
    });
  }
  // Its end, without taking it from the process table.
  static void wait_for_zombie(pid_t pid) {
    siginfo_t info = {};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  }
};

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(Lifecycle, GoesFromCreatedToRunningToStoppedToGone) {
  box.bundle.set_command({"sleep"});
  EXPECT_EQ(box.status(), "");
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_EQ(box.status(), "created");
  ASSERT_TRUE(succeeds(box.start()));
  EXPECT_EQ(box.status(), "running");
  ASSERT_TRUE(succeeds(box.kill("KILL")));
  EXPECT_TRUE(box.wait_for_status("stopped"));
  ASSERT_TRUE(succeeds(box.remove()));
  EXPECT_EQ(box.status(), "");
  expect_nothing_left();
}

TEST_F(Lifecycle, CreateDoesNotRunTheProgram) {
  box.bundle.set_command({"try", "create", "/tmp/ran", ""});
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_FALSE(fs::exists(box.bundle.rootfs("/tmp/ran")));
  ASSERT_TRUE(succeeds(box.start()));
  EXPECT_TRUE(wait_until([&] { return fs::exists(box.bundle.rootfs("/tmp/ran")); }));
}

TEST_F(Lifecycle, ConfigIsNotReadAgainAfterCreate) {
  box.bundle.set_command({"try", "create", "/tmp/first", ""});
  ASSERT_TRUE(succeeds(box.create()));
  box.bundle.set_command({"try", "create", "/tmp/second", ""});
  box.bundle.write_config();
  ASSERT_TRUE(succeeds(box.start()));
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(fs::exists(box.bundle.rootfs("/tmp/first")));
  EXPECT_FALSE(fs::exists(box.bundle.rootfs("/tmp/second")));
}

TEST_F(Lifecycle, RuntimeLeavesNothingRunningButTheContainer) {
  start_box({"sleep"});
  const std::vector<pid_t> children = live_orphans();
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(children[0], box.pid());
}

TEST_F(Lifecycle, StateHasTheFieldsOfTheSpecification) {
  box.config().set("/annotations", R"({"org.example.key": "a value", "other": ""})"_json);
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  const Outcome outcome = box.query_state();
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "");  // engines parse both streams together
  const Value state = Value::parse(outcome.out);
  EXPECT_NE(state["/ociVersion"].text(), "");
  EXPECT_EQ(state["/id"], box.id());
  EXPECT_EQ(state["/status"], "created");
  EXPECT_GT(state["/pid"].number(), 1);
  EXPECT_EQ(state["/bundle"], box.bundle.path());
  EXPECT_EQ(state["/annotations/org.example.key"], "a value");
  EXPECT_EQ(state["/annotations/other"], "");
}

// containerd's and CRI-O's structures hold these too.
TEST_F(Lifecycle, StateHasTheFieldsThatEnginesRead) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  const Value state = box.state();
  EXPECT_EQ(state["/rootfs"], box.bundle.rootfs());
  EXPECT_TRUE(state["/created"].text().ends_with("Z")) << state;
  EXPECT_EQ(state["/created"].text().substr(10, 1), "T") << state;
  EXPECT_TRUE(state.has("/owner")) << state;
}

TEST_F(Lifecycle, StateHasThePidOnTheHost) {
  start_box({"sleep"});
  const std::string executable = "/proc/" + std::to_string(box.pid()) + "/exe";
  // Some runtimes return from start a moment before execve(2).
  EXPECT_TRUE(wait_until([&] { return fs::equivalent(executable, box.bundle.rootfs("/inside")); }));
}

TEST_F(Lifecycle, StateOfAStoppedContainerHasNoPid) {
  start_box({"exit", "0"});
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_LE(box.state()["/pid"].number(), 0);
}

TEST_F(Lifecycle, ZombieCountsAsStopped) {
  start_box({"sleep"});
  const pid_t pid = box.pid();
  ASSERT_TRUE(succeeds(box.kill("KILL")));
  wait_for_zombie(pid);
  EXPECT_EQ(box.status(), "stopped");
  EXPECT_TRUE(succeeds(box.remove()));
}

TEST_F(Lifecycle, DeadCreatedContainerIsStoppedAndCannotBeStarted) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  ::kill(box.pid(), SIGKILL);
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(fails_with(box.start(), box.id()));
  EXPECT_TRUE(succeeds(box.remove()));
}

TEST_F(Lifecycle, UnknownContainerIsAnError) {
  EXPECT_TRUE(fails_with(box.query_state(), "does not exist"));
  EXPECT_TRUE(fails_with(box.start(), "does not exist"));
  EXPECT_TRUE(fails_with(box.kill("TERM"), "does not exist"));
  EXPECT_TRUE(fails_with(box.remove(), "does not exist"));
}

TEST_F(Lifecycle, CommandWithoutAnIdIsAnError) {
  for (const char* command : {"create", "start", "state", "kill", "delete", "run"}) {
    EXPECT_TRUE(fails_with(runtime.call({command}), command)) << command;
  }
}

// containerd always does this after a delete.
TEST_F(Lifecycle, DeleteByForceOfAnUnknownContainerSucceeds) {
  EXPECT_TRUE(succeeds(box.remove_by_force()));
}

TEST_F(Lifecycle, TakenIdIsAnErrorAndTheContainerLivesOn) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  const pid_t pid = box.pid();
  EXPECT_TRUE(fails_with(box.create(), "already exists"));
  EXPECT_TRUE(fails_with(box.run(), "already exists"));
  EXPECT_EQ(box.pid(), pid);
  EXPECT_TRUE(succeeds(box.start()));
}

TEST_F(Lifecycle, IdCanBeUsedAgainAfterDelete) {
  start_box({"exit", "0"});
  EXPECT_TRUE(box.wait_for_status("stopped"));
  ASSERT_TRUE(succeeds(box.remove()));
  EXPECT_TRUE(succeeds(box.create()));
}

TEST_F(Lifecycle, BadIdsAreRefused) {
  box.bundle.write_config();
  for (const std::string id : {"", "../up", "a/b", ".", "..", "a b", "a\nb", "-a:b"}) {
    const Outcome outcome = runtime.call({"create", "--bundle", box.bundle.path(), "--", id});
    EXPECT_NE(outcome.code, 0) << id;
  }
}

TEST_F(Lifecycle, SecondStartIsAnErrorAndHasNoEffect) {
  start_box({"sleep"});
  const pid_t pid = box.pid();
  EXPECT_TRUE(fails_with(box.start(), box.id()));
  EXPECT_EQ(box.status(), "running");
  EXPECT_EQ(box.pid(), pid);
}

TEST_F(Lifecycle, StartOfAStoppedContainerIsAnError) {
  start_box({"exit", "0"});
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(fails_with(box.start(), box.id()));
}

TEST_F(Lifecycle, KillSendsTheSignalByNameOrNumber) {
  const std::vector<std::pair<std::string, std::string>> signals = {
      {"TERM", "TERM"}, {"SIGTERM", "TERM"}, {"15", "TERM"},  {"USR1", "USR1"},
      {"10", "USR1"},   {"SIGHUP", "HUP"},   {"28", "WINCH"}, {"2", "INT"}};
  for (const auto& [sent, received] : signals) {
    Container& container = add_container();
    const std::string output = path("signal-" + sent);
    const Fd file(::open(output.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    container.bundle.set_command({"print-signal"});
    Program program = container.program("create");
    program.output = file.get();
    ASSERT_TRUE(succeeds(run_program(program)));
    ASSERT_TRUE(succeeds(container.start()));
    ASSERT_TRUE(wait_until([&] { return read_text(output) == "ready\n"; }));
    EXPECT_TRUE(succeeds(container.kill(sent)));
    EXPECT_TRUE(container.wait_for_status("stopped"));
    EXPECT_EQ(read_text(output), "ready\n" + received + "\n") << sent;
    EXPECT_TRUE(succeeds(container.remove()));
  }
}

TEST_F(Lifecycle, KillSendsTermByDefault) {
  const Fd file(::open(path("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  box.bundle.set_command({"print-signal"});
  Program program = box.program("create");
  program.output = file.get();
  ASSERT_TRUE(succeeds(run_program(program)));
  ASSERT_TRUE(succeeds(box.start()));
  ASSERT_TRUE(wait_until([&] { return read_text(path("out")) == "ready\n"; }));
  EXPECT_TRUE(succeeds(runtime.call({"kill", box.id()})));
  EXPECT_TRUE(wait_until([&] { return read_text(path("out")) == "ready\nTERM\n"; }));
}

TEST_F(Lifecycle, KillOfACreatedContainerEndsIt) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_TRUE(succeeds(box.kill("KILL")));
  EXPECT_TRUE(box.wait_for_status("stopped"));
}

TEST_F(Lifecycle, UnknownSignalIsAnErrorAndHasNoEffect) {
  start_box({"sleep"});
  for (const std::string signal : {"NONSENSE", "65", "999", "1x", "-9"}) {
    EXPECT_TRUE(fails_with(box.kill(signal), "signal")) << signal;
  }
  EXPECT_EQ(box.status(), "running");
}

TEST_F(Lifecycle, KillOfAStoppedContainerIsAnError) {
  start_box({"exit", "0"});
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(fails_with(box.kill("KILL"), "container not running"));
  EXPECT_EQ(box.status(), "stopped");
}

TEST_F(Lifecycle, DeleteOfARunningContainerIsRefused) {
  start_box({"sleep"});
  EXPECT_TRUE(fails_with(box.remove(), box.id()));
  EXPECT_EQ(box.status(), "running");
}

// The specification asks for an error, but containerd deletes what it created and never started
// this way, and every runtime lets it.
TEST_F(Lifecycle, DeleteOfACreatedContainerEndsIt) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_TRUE(succeeds(box.remove()));
  EXPECT_EQ(box.status(), "");
  expect_nothing_left();
}

TEST_F(Lifecycle, DeleteByForceEndsARunningContainer) {
  start_box({"ignore-term"});
  const pid_t pid = box.pid();
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_EQ(box.status(), "");
  EXPECT_NE(::waitpid(pid, nullptr, WNOHANG), 0);  // dead by now, not only told to die
  expect_nothing_left();
}

TEST_F(Lifecycle, DeleteByForceEndsACreatedContainer) {
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  expect_nothing_left();
}

TEST_F(Lifecycle, DeleteByForceEndsAllProcesses) {
  start_box({"children", "5"});
  ASSERT_TRUE(has_processes(6));
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  expect_nothing_left();
}

// Without a PID namespace nothing but the runtime ends the children.
TEST_F(Lifecycle, DeleteByForceEndsAllProcessesWithoutAPidNamespace) {
  box.bundle.remove_namespace("pid");
  start_box({"children", "5"});
  ASSERT_TRUE(has_processes(6));
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  expect_nothing_left();
}

TEST_F(Lifecycle, KillAllReachesEveryProcessWithoutAPidNamespace) {
  box.bundle.remove_namespace("pid");
  start_box({"children", "3"});
  ASSERT_TRUE(has_processes(4));
  EXPECT_TRUE(succeeds(runtime.call({"kill", "--all", box.id(), "KILL"})));
  EXPECT_TRUE(wait_until([] { return live_orphans().empty(); }));
}

TEST_F(Lifecycle, RunReturnsTheProgramsExitCode) {
  box.bundle.set_command({"exit", "0"});
  EXPECT_EQ(box.run().code, 0);
  box.bundle.set_command({"exit", "7"});
  EXPECT_EQ(box.run().code, 7);
  box.bundle.set_command({"exit", "255"});
  EXPECT_EQ(box.run().code, 255);
}

TEST_F(Lifecycle, RunRemovesTheContainerAtItsEnd) {
  box.bundle.set_command({"exit", "3"});
  EXPECT_EQ(box.run().code, 3);
  EXPECT_EQ(box.status(), "");
  expect_nothing_left();
}

TEST_F(Lifecycle, RunReturnsTheSignalThatEndedTheProgram) {
  box.bundle.set_command({"print-signal"});
  Running run = box.run_in_background();
  // Its own word: it counts as running from its init's first step on.
  ASSERT_TRUE(wait_until([&] { return run.output() == "ready\n"; }));
  EXPECT_TRUE(succeeds(box.kill("KILL")));
  EXPECT_EQ(run.wait().code, 128 + SIGKILL);
  box.bundle.remove_namespace("pid");
  box.bundle.set_command({"raise", std::to_string(SIGUSR1)});
  EXPECT_EQ(box.run().code, 128 + SIGUSR1);
}

TEST_F(Lifecycle, RunForwardsSignals) {
  box.bundle.set_command({"print-signal"});
  Running run = box.run_in_background();
  ASSERT_TRUE(wait_until([&] { return run.output() == "ready\n"; }));
  run.signal(SIGUSR2);
  const Outcome outcome = run.wait();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "ready\nUSR2\n");
}

TEST_F(Lifecycle, RunDetachedReturnsAtOnce) {
  box.bundle.set_command({"sleep"});
  EXPECT_TRUE(succeeds(box.run({"--detach"})));
  EXPECT_EQ(box.status(), "running");
  EXPECT_EQ(live_orphans().size(), 1U);
}

TEST_F(Lifecycle, BundleIsTheCurrentDirectoryByDefault) {
  box.bundle.set_command({"exit", "5"});
  box.bundle.write_config();
  Program program = runtime.program({"run", box.id()});
  program.directory = box.bundle.path();
  EXPECT_EQ(run_program(program).code, 5);
}

TEST_F(Lifecycle, RelativeBundleIsAbsoluteInTheState) {
  box.bundle.set_command({"sleep"});
  box.bundle.write_config();
  Program program = runtime.program({"create", "-b", box.id(), box.id()});
  program.directory = path("");
  ASSERT_TRUE(succeeds(run_program(program)));
  EXPECT_EQ(box.state()["/bundle"], box.bundle.path());
}

// Engines hand the file's whole text to a number parser and wait for the file to come.
TEST_F(Lifecycle, PidFileHoldsThePidAndNothingElse) {
  const std::string file = path("pid");
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create({"--pid-file", file})));
  EXPECT_EQ(read_text(file), std::to_string(box.pid()));
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path(""))) {
    const std::string name = entry.path().filename();
    if (name.find("pid") != std::string::npos) names.push_back(name);
  }
  EXPECT_EQ(names.size(), 1U);  // no temporary file beside it
}

TEST_F(Lifecycle, PidFileOfRunHoldsThePid) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"-d", "--pid-file", path("pid")})));
  EXPECT_EQ(read_text(path("pid")), std::to_string(box.pid()));
}

TEST_F(Lifecycle, FailedCreateWritesNoPidFile) {
  box.config().set("/process/cwd", "/does/not/exist/\x01");
  box.config().set("/mounts/0/type", "nonsense");
  EXPECT_NE(box.create({"--pid-file", path("pid")}).code, 0);
  EXPECT_FALSE(fs::exists(path("pid")));
}

TEST_F(Lifecycle, StandardStreamsAreTheCallers) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  ASSERT_EQ(::pipe2(to.data(), O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(from.data(), O_CLOEXEC), 0);
  Fd input(to[0]);
  Fd our_end(to[1]);
  Fd answer(from[0]);
  Fd output(from[1]);
  box.bundle.set_command({"echo"});
  Program program = box.program("create");
  program.input = input.get();
  program.output = output.get();
  ASSERT_TRUE(succeeds(run_program(program)));
  input.reset();
  output.reset();
  ASSERT_TRUE(succeeds(box.start()));
  ASSERT_EQ(::write(our_end.get(), "hello", 5), 5);
  std::array<char, 16> buffer{};
  ASSERT_EQ(::read(answer.get(), buffer.data(), buffer.size()), 5);
  EXPECT_STREQ(buffer.data(), "hello");
  our_end.reset();
  // The runtime holds no copy of either end: both see the other's end of file.
  EXPECT_EQ(::read(answer.get(), buffer.data(), buffer.size()), 0);
  EXPECT_TRUE(box.wait_for_status("stopped"));
}

TEST_F(Lifecycle, RunHandsOverItsInput) {
  const std::string text = "several\nlines\n";
  std::ofstream(path("input")) << text;
  const Fd input(::open(path("input").c_str(), O_RDONLY | O_CLOEXEC));
  box.bundle.set_command({"echo"});
  Program program = box.program("run");
  program.input = input.get();
  const Outcome outcome = run_program(program);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, text);
}

TEST_F(Lifecycle, ListShowsEveryContainer) {
  Container& other = add_container();
  box.bundle.set_command({"sleep"});
  other.bundle.set_command({"sleep"});
  EXPECT_EQ(runtime.call({"list", "--quiet"}).out, "");
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(other.run({"--detach"})));
  EXPECT_EQ(runtime.call({"list", "-q"}).out, box.id() + "\n" + other.id() + "\n");
  const Outcome table = runtime.call({"list"});
  ASSERT_TRUE(succeeds(table));
  EXPECT_NE(table.out.find(box.id()), std::string::npos);
  EXPECT_NE(table.out.find("running"), std::string::npos);
  const Outcome json = runtime.call({"list", "--format=json"});
  ASSERT_TRUE(succeeds(json));
  const Value list = Value::parse(json.out);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list["/0/id"], box.id());
  EXPECT_EQ(list["/0/status"], "created");
  EXPECT_EQ(list["/1/status"], "running");
  EXPECT_EQ(list["/1/pid"], static_cast<int>(other.pid()));
  EXPECT_EQ(list["/1/bundle"], other.bundle.path());
}

TEST_F(Lifecycle, ListWithoutContainersIsEmpty) {
  const Outcome json = runtime.call({"list", "--format", "json"});
  ASSERT_TRUE(succeeds(json));
  EXPECT_EQ(Value::parse(json.out).size(), 0U);
}

TEST_F(Lifecycle, CreateWithoutAProcessSucceedsAndStartFails) {
  KNOWN_GAP(kRunc, "create refuses a configuration without process");
  box.config().remove("/process");
  ASSERT_TRUE(succeeds(box.create()));
  EXPECT_EQ(box.status(), "created");
  EXPECT_TRUE(fails_with(box.start(), "process"));
}

// The init of an engine's container must not die with the runtime, nor with the engine's thread.
TEST_F(Lifecycle, ContainerOutlivesTheRuntime) {
  const Value report = box.report();
  EXPECT_EQ(report["/parentDeathSignal"], 0);
}

// An engine that dies takes `create` with it by PDEATHSIG; the next one cleans up.
TEST_F(Lifecycle, KilledCreateLeavesNothingThatDeleteByForceCannotRemove) {
  for (const int milliseconds : {1, 3, 6, 10, 15, 25}) {
    {
      const Running create(box.program("create"));
      ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
    }  // killed here
    EXPECT_TRUE(succeeds(box.remove_by_force())) << milliseconds << " ms";
    ASSERT_TRUE(succeeds(box.create())) << milliseconds << " ms";
    ASSERT_TRUE(succeeds(box.remove_by_force()));
    expect_nothing_left();
  }
}

}  // namespace
}  // namespace gocker::test
