#include "runtime/base/signalling.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "runtime/base/process.h"

namespace gocker {
namespace {

Child start_waiting() {
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ::pause();
    exit_now(0);
  }
  return std::move(*child);
}

bool has_ended(const Child& child) {
  siginfo_t information{};
  ::waitid(P_PID, static_cast<id_t>(child.pid()), &information, WEXITED | WNOHANG | WNOWAIT);
  return information.si_pid != 0;
}

TEST(Signalling, ReachesAllThatAreListed) {
  Child first = start_waiting();
  Child second = start_waiting();
  signal_listed([&] { return std::set<pid_t>{first.pid(), second.pid()}; }, SIGTERM);
  EXPECT_EQ(exit_code_of(first.wait()), 128 + SIGTERM);
  EXPECT_EQ(exit_code_of(second.wait()), 128 + SIGTERM);
}

TEST(Signalling, ReachesThoseThatAppearMeanwhile) {
  Child first = start_waiting();
  Child second = start_waiting();
  int listings = 0;
  const auto list = [&] {
    std::set<pid_t> pids{first.pid()};
    if (++listings > 2) pids.insert(second.pid());
    return pids;
  };
  signal_listed(list, SIGTERM);
  EXPECT_EQ(exit_code_of(second.wait()), 128 + SIGTERM);
  EXPECT_EQ(exit_code_of(first.wait()), 128 + SIGTERM);
}

// As where its number was given to somebody else between the two.
TEST(Signalling, SparesWhomTheSecondListingDoesNotName) {
  const Child listed = start_waiting();
  int listings = 0;
  const auto list = [&] {
    return ++listings == 1 ? std::set<pid_t>{listed.pid()} : std::set<pid_t>();
  };
  signal_listed(list, SIGKILL);
  ::usleep(20'000);
  EXPECT_FALSE(has_ended(listed));
}

TEST(Signalling, ThoseThatAreGoneAreFine) {
  Child gone = start_waiting();
  const pid_t pid = gone.pid();
  gone.signal(SIGKILL);
  gone.wait();
  signal_listed([&] { return std::set<pid_t>{pid}; }, SIGTERM);
}

}  // namespace
}  // namespace gocker
