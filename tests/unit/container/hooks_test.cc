#include "runtime/container/hooks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

class HooksTest : public testing::Test {
 protected:
  oci::Hook shell(const std::string& script) const {
    oci::Hook hook;
    hook.path = "/bin/sh";
    hook.args = {"sh", "-c", script};
    hook.env = {"OUT=" + directory_.path()};
    return hook;
  }
  std::string content(const std::string& name) const {
    return read_file(directory_.path() + "/" + name);
  }
  std::string content_if_exists(const std::string& name) const {
    return read_if_exists_at(open_directory(directory_.path()), name).value_or("");
  }
  // It was killed, and dies when it gets its next turn.
  static bool ends_soon(pid_t pid) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (process_start_time(pid) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return !process_start_time(pid);
  }
  static std::string failure_of(const std::vector<oci::Hook>& hooks) {
    try {
      run_hooks(hooks, "createRuntime", oci::State{});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir directory_;
  oci::State state_{.oci_version = "1.3.0",
                    .id = "c1",
                    .status = oci::Status::created,
                    .pid = 7,
                    .bundle = "/b",
                    .annotations = {}};
};

TEST_F(HooksTest, RunInOrderWithTheStateOnStdin) {
  run_hooks({shell("cat > $OUT/state; echo a >> $OUT/order"), shell("echo b >> $OUT/order")},
            "prestart", state_);
  EXPECT_EQ(content("state"), oci::to_json(state_));
  EXPECT_EQ(content("order"), "a\nb\n");
}

TEST_F(HooksTest, NeedNotReadTheirStdin) {
  state_.annotations["long"] = std::string(1 << 20, 'x');
  run_hooks({shell("exec 0<&-; true")}, "prestart", state_);
}

TEST_F(HooksTest, GetOnlyTheirOwnEnvironment) {
  run_hooks({shell("env > $OUT/env")}, "prestart", state_);
  EXPECT_EQ(content("env").find("HOME="), std::string::npos);
}

TEST_F(HooksTest, AFailureNamesTheHookItsExitCodeAndItsLastWords) {
  const std::string failure =
      failure_of({shell("echo out; echo went wrong >&2; exit 3"), shell("touch $OUT/ran")});
  EXPECT_EQ(failure, "createRuntime hook /bin/sh: exit code 3: went wrong");
  EXPECT_THROW(content("ran"), Error) << "the hook after a failed one ran";
}

TEST_F(HooksTest, ATimeoutKillsTheHookAndWhatItStarted) {
  oci::Hook slow = shell("sleep 300 & echo $! > $OUT/pid; wait");
  slow.timeout = 1;
  // A shell that was too slow to start its child has shown nothing: it gets more time then.
  for (;; slow.timeout = *slow.timeout * 2) {
    EXPECT_EQ(failure_of({slow}), "createRuntime hook /bin/sh: killed after its timeout of " +
                                      std::to_string(*slow.timeout) + " s");
    const auto child = parse_u32(trim(content_if_exists("pid")));
    if (!child && *slow.timeout < 60) continue;
    ASSERT_TRUE(child);
    EXPECT_TRUE(ends_soon(static_cast<pid_t>(*child))) << "its child lives on";
    return;
  }
}

TEST_F(HooksTest, AMissingProgramIsAnError) {
  oci::Hook hook;
  hook.path = "/no/such";
  EXPECT_NE(failure_of({hook}).find("createRuntime hook /no/such: "), std::string::npos);
}

TEST_F(HooksTest, PoststopGoesOnAfterAFailure) {
  run_hooks_despite_failures({shell("exit 1"), shell("touch $OUT/ran")}, "poststop", state_);
  EXPECT_EQ(content("ran"), "");
}

}  // namespace
}  // namespace gocker
