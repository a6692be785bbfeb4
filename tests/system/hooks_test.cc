// Hooks (config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle").
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/system/namespace_holder.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

constexpr const char* kKinds[] = {"prestart",       "createRuntime", "createContainer",
                                  "startContainer", "poststart",     "poststop"};

class Hooks : public SystemTest {
 protected:
  // Outside and inside it is the same file, below a directory that is bound into the container.
  void SetUp() override {
    SystemTest::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directory(path("hooks"));
    ASSERT_EQ(::chmod(path("hooks").c_str(), 0777), 0);
    std::filesystem::create_directories(box.bundle.rootfs("/hooks"));
    box.bundle.add_mount("/hooks", "none", path("hooks"), {"bind"});
    box.bundle.set_command({"sleep"});
  }

  Value hook(const std::string& kind, const std::string& label, const std::string& then = "0") {
    const bool inside = kind == "startContainer";
    // createContainer hooks run before the pivot: host paths still lead to the host's files.
    const std::string log = inside ? "/hooks/log" : path("hooks/log");
    Value entry;
    entry.set("/path", inside ? "/inside" : inside_program());
    entry.set("/args", Words{"hook-name", "hook", log, label, then});
    return entry;
  }
  void add_hook(const std::string& kind, const std::string& label, const std::string& then = "0") {
    box.config().append("/hooks/" + kind, hook(kind, label, then));
  }
  // What the hooks have written so far.
  std::vector<Value> log() const {
    std::vector<Value> entries;
    std::ifstream file(path("hooks/log"));
    for (std::string line; std::getline(file, line);) entries.push_back(Value::parse(line));
    return entries;
  }
  Words labels() const {
    Words list;
    for (const Value& entry : log()) list.push_back(entry["/label"].text());
    return list;
  }
  static Value state_of(const Value& entry) { return Value::parse(entry["/state"].text()); }
};

TEST_F(Hooks, RunInTheirOrder) {
  KNOWN_GAP(kRunc, "it runs poststart hooks in create");
  for (const char* kind : kKinds) {
    add_hook(kind, std::string(kind) + "-1");
    add_hook(kind, std::string(kind) + "-2");
  }
  ASSERT_TRUE(succeeds(box.create()));
  Words expected = {"prestart-1",      "prestart-2",        "createRuntime-1",
                    "createRuntime-2", "createContainer-1", "createContainer-2"};
  EXPECT_EQ(labels(), expected);
  ASSERT_TRUE(succeeds(box.start()));
  for (const char* label : {"startContainer-1", "startContainer-2", "poststart-1", "poststart-2"}) {
    expected.emplace_back(label);
  }
  EXPECT_EQ(labels(), expected);
  ASSERT_TRUE(succeeds(box.kill("KILL")));
  ASSERT_TRUE(box.wait_for_status("stopped"));
  EXPECT_EQ(labels(), expected);
  ASSERT_TRUE(succeeds(box.remove()));
  expected.emplace_back("poststop-1");
  expected.emplace_back("poststop-2");
  EXPECT_EQ(labels(), expected);
}

TEST_F(Hooks, AllRunInRun) {
  KNOWN_GAP(kRunc, "it runs poststart hooks before startContainer hooks");
  for (const char* kind : kKinds) add_hook(kind, kind);
  box.bundle.set_command({"exit", "4"});
  EXPECT_EQ(box.run().code, 4);
  EXPECT_EQ(labels(), Words(std::begin(kKinds), std::end(kKinds)));
}

TEST_F(Hooks, GetTheStateOnTheirInput) {
  KNOWN_GAP(kRunc, "it runs poststart hooks in create");
  box.config().set("/annotations", R"({"org.example.key": "value"})"_json);
  for (const char* kind : kKinds) add_hook(kind, kind);
  ASSERT_TRUE(succeeds(box.create()));
  const pid_t pid = box.pid();
  ASSERT_TRUE(succeeds(box.start()));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  const std::vector<Value> entries = log();
  ASSERT_EQ(entries.size(), 6U);
  for (const Value& entry : entries) {
    const Value state = state_of(entry);
    EXPECT_EQ(state["/id"], box.id()) << entry;
    EXPECT_EQ(state["/bundle"], box.bundle.path()) << entry;
    EXPECT_EQ(state["/annotations/org.example.key"], "value") << entry;
    EXPECT_NE(state["/ociVersion"].text(), "") << entry;
  }
  for (const size_t runtime_side : {0U, 1U, 4U}) {
    EXPECT_EQ(state_of(entries[runtime_side])["/pid"], int64_t{pid});
  }
  EXPECT_EQ(state_of(entries[4])["/status"], "running");
  EXPECT_EQ(state_of(entries[5])["/status"], "stopped");
}

TEST_F(Hooks, OfCreateSayCreatingOrCreated) {
  for (const char* kind : {"prestart", "createRuntime", "createContainer", "startContainer"}) {
    add_hook(kind, kind);
  }
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  for (const Value& entry : log()) {
    const std::string status = state_of(entry)["/status"].text();
    EXPECT_TRUE(status == "creating" || status == "created") << entry;
  }
}

TEST_F(Hooks, InsideSeeThePidAsTheContainerDoes) {
  add_hook("createContainer", "createContainer");
  add_hook("startContainer", "startContainer");
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  for (const Value& entry : log()) EXPECT_EQ(state_of(entry)["/pid"], 1) << entry;
}

TEST_F(Hooks, RunInTheirNamespaces) {
  for (const char* kind : kKinds) add_hook(kind, kind);
  ASSERT_TRUE(succeeds(box.create()));
  const std::string mounts = namespace_of(box.pid(), "mnt");
  const std::string network = namespace_of(box.pid(), "net");
  ASSERT_TRUE(succeeds(box.start()));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  for (const Value& entry : log()) {
    const std::string label = entry["/label"].text();
    const bool inside = label == "createContainer" || label == "startContainer";
    EXPECT_EQ(entry["/mnt"], inside ? mounts : own_namespace("mnt")) << label;
    EXPECT_EQ(entry["/net"], inside ? network : own_namespace("net")) << label;
  }
}

// createContainer hooks resolve on the host and run before the root is changed.
TEST_F(Hooks, SeeTheRootFileSystemOfTheirTime) {
  for (const char* kind : {"createContainer", "startContainer"}) add_hook(kind, kind);
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  const std::vector<Value> entries = log();
  ASSERT_EQ(entries.size(), 2U);
  const auto sees = [](const Value& entry, const std::string& name) {
    const Words names = entry["/root"].texts();
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  EXPECT_FALSE(sees(entries[0], "inside"));
  EXPECT_TRUE(sees(entries[1], "inside"));
}

// The network is set up from such hooks, so the namespaces must be there and the program must not.
TEST_F(Hooks, OfTheRuntimeRunBeforeTheProgramAndAfterTheNamespaces) {
  add_hook("createRuntime", "createRuntime");
  ASSERT_TRUE(succeeds(box.create()));
  const std::vector<Value> entries = log();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(state_of(entries[0])["/pid"], int64_t{box.pid()});
}

TEST_F(Hooks, PoststartRunsAfterTheProgram) {
  KNOWN_GAP(kRunc, "it runs them before the program is executed");
  box.config().append("/hooks/poststart", hook("poststart", "first"));
  box.config().append(
      "/hooks/poststart",
      Value::parse(
          R"({"path": "/bin/sh", "args": ["sh", "-c", "readlink /proc/$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')/exe > )" +
          path("hooks/exe") + R"("]})"));
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  std::string line;
  std::getline(std::ifstream(path("hooks/exe")), line);
  EXPECT_EQ(line, "/inside");
}

// Path, arguments (the label is one) and environment, at every point.
class EachHook : public Hooks, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Hooks, EachHook, ::testing::ValuesIn(kKinds),
                         [](const ::testing::TestParamInfo<const char*>& kind) {
                           return std::string(kind.param);
                         });

TEST_P(EachHook, GetsItsArgumentsAndOnlyItsOwnEnvironment) {
  const std::string kind = GetParam();
  Value entry = hook(kind, "any label");
  entry.set("/env", Words{"KEY=value", "OTHER="});
  box.config().append("/hooks/" + kind, entry);
  Program program = box.program("run", {"--detach"});
  program.env.push_back("OF_THE_CALLER=secret");
  ASSERT_TRUE(succeeds(run_program(program)));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  ASSERT_EQ(log().size(), 1U);
  EXPECT_EQ(log()[0]["/label"], "any label");
  EXPECT_EQ(log()[0]["/env"], (Value(Words{"KEY=value", "OTHER="})));
}

TEST_F(Hooks, GetNoDescriptorsOfTheRuntime) {
  KNOWN_GAP(kRunc, "createContainer hooks inherit some");
  for (const char* kind : kKinds) add_hook(kind, kind);
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  for (const Value& entry : log()) {
    // 3 is the hook's own listing.
    EXPECT_EQ(entry["/fds"], Value(Words{"0", "1", "2", "3"})) << entry["/label"];
  }
}

TEST_F(Hooks, MayIgnoreTheirInput) {
  for (const char* kind : {"prestart", "createRuntime", "poststart", "poststop"}) {
    box.config().append(std::string("/hooks/") + kind, R"({"path": "/bin/true"})"_json);
  }
  Value annotations;
  annotations.set("/long", std::string(300000, 'x'));  // more than a pipe holds
  box.config().set("/annotations", annotations);
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  EXPECT_TRUE(succeeds(box.remove_by_force()));
}

// A hook that fails up to and with poststart is an error, and the container is destroyed.
class FailingHook : public Hooks, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Hooks, FailingHook,
                         ::testing::Values("prestart", "createRuntime", "createContainer",
                                           "startContainer", "poststart"),
                         [](const ::testing::TestParamInfo<const char*>& kind) {
                           return std::string(kind.param);
                         });

TEST_P(FailingHook, DestroysTheContainer) {
  const std::string kind = GetParam();
  if (kind == "startContainer") KNOWN_GAP(kRunc, "it leaves the container behind, as stopped");
  if (kind == "poststart") KNOWN_GAP(kRunc, "it runs them in create");
  add_hook(kind, "fails", "3");
  add_hook(kind, "comes later");
  add_hook("poststop", "poststop");
  const bool in_create = kind != "startContainer" && kind != "poststart";
  Outcome outcome = box.create();
  if (!in_create) {
    ASSERT_TRUE(succeeds(outcome));
    outcome = box.start();
  }
  EXPECT_TRUE(fails_with(outcome, kind));
  EXPECT_TRUE(fails_with(outcome, inside_program() + "|/inside"));
  EXPECT_EQ(box.status(), "");
  expect_nothing_left();
  if (Runtime::version().starts_with(kRunc)) return;  // it does not always run poststop then
  EXPECT_EQ(labels(), (Words{"fails", "poststop"}));
}

TEST_P(FailingHook, MakesRunFail) {
  add_hook(GetParam(), "fails", "3");
  EXPECT_TRUE(fails_with(box.run(), GetParam()));
  expect_nothing_left();
}

TEST_P(FailingHook, ThatDoesNotExistIsNamed) {
  const std::string kind = GetParam();
  if (kind == "startContainer") KNOWN_GAP(kRunc, "it leaves the container behind, as stopped");
  box.config().append("/hooks/" + kind, R"({"path": "/no/such/hook"})"_json);
  Outcome outcome = box.create();
  if (outcome) outcome = box.start();
  EXPECT_TRUE(fails_with(outcome, "/no/such/hook"));
  expect_nothing_left();
}

TEST_P(FailingHook, ThatTakesTooLongIsEnded) {
  const std::string kind = GetParam();
  if (kind == "startContainer") KNOWN_GAP(kRunc, "it leaves the container behind, as stopped");
  Value entry = hook(kind, "slow", "sleep");
  entry.set("/timeout", 1);
  box.config().append("/hooks/" + kind, entry);
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome = box.create();
  if (outcome) outcome = box.start();
  const auto time = std::chrono::steady_clock::now() - begin;
  EXPECT_TRUE(fails_with(outcome, kind));  // and it returned, though the hook does not
  EXPECT_GE(time, std::chrono::milliseconds(900));
  expect_nothing_left();
}

TEST_F(Hooks, PoststopThatTakesTooLongIsEnded) {
  Value entry = hook("poststop", "slow", "sleep");
  entry.set("/timeout", 1);
  box.config().append("/hooks/poststop", entry);
  ASSERT_TRUE(succeeds(box.create()));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  // What it waited for was the hook, which may have been ended before it wrote a word.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
  expect_nothing_left();
}

TEST_F(Hooks, FailingPoststopIsOnlyAWarning) {
  add_hook("poststop", "fails", "3");
  add_hook("poststop", "comes later");
  ASSERT_TRUE(succeeds(box.create()));
  if (Runtime::version().starts_with(kRunc)) {
    box.remove_by_force();  // it stops at the first
    return;
  }
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_EQ(labels(), (Words{"fails", "comes later"}));
}

}  // namespace
}  // namespace gocker::test
