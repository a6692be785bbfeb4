#include "runtime/container/start_gate.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker {
namespace {

class StartGateTest : public testing::Test {
 protected:
  // A process that stands behind the gate and then does what `afterwards` says.
  Child init(const std::function<void(const StartGate&)>& afterwards) {
    const StartGate gate = StartGate::make(directory_);
    std::optional<Child> child = clone_child(0, Fd());
    if (child) return std::move(*child);
    gate.wait();
    afterwards(gate);
    exit_now(0);
  }

  bool exists(const char* name) const {
    return ::faccessat(directory_.get(), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }

  TempDir temporary_;
  Fd directory_ = open_directory(temporary_.path());
};

TEST_F(StartGateTest, NobodyWaitsWhereThereIsNoGate) {
  EXPECT_FALSE(is_waiting_at_gate(directory_));
  EXPECT_THROW(open_gate(directory_), Error);
}

TEST_F(StartGateTest, OpensOnceAndReturnsWithTheExecution) {
  const Child child = init([](const StartGate& gate) {
    gate.report_exec();
    ::execl("/bin/sleep", "sleep", "60", nullptr);
  });
  EXPECT_TRUE(is_waiting_at_gate(directory_));
  EXPECT_TRUE(is_waiting_at_gate(directory_)) << "looking must not open it";
  open_gate(directory_);
  EXPECT_FALSE(is_waiting_at_gate(directory_));
  EXPECT_FALSE(exists("go"));
  EXPECT_FALSE(exists("result"));
  EXPECT_THROW(open_gate(directory_), Error);
}

TEST_F(StartGateTest, HandsOnTheErrorOfInit) {
  const Child child = init([](const StartGate& gate) {
    gate.report_exec();
    gate.report_failure(ENOENT, "exec: \"x\": not there");
  });
  try {
    open_gate(directory_);
    FAIL() << "no error came";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "exec: \"x\": not there");
    EXPECT_EQ(error.code(), ENOENT);
  }
}

TEST_F(StartGateTest, TellsOfAnInitThatDiedFirst) {
  const Child child = init([](const StartGate&) {});
  EXPECT_THROW(open_gate(directory_), Error);
}

TEST_F(StartGateTest, ADeadInitDoesNotWait) {
  Child child = init([](const StartGate&) {});
  child.kill_and_reap();
  EXPECT_FALSE(is_waiting_at_gate(directory_));
}

}  // namespace
}  // namespace gocker
