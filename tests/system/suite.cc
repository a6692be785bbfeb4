#include "tests/system/suite.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace gocker::test {
namespace {

std::string fresh_id() {
  static int count = 0;
  return "gk" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

}  // namespace

SystemTest::SystemTest() : runtime(path("state")), box(add_container()) {
  // Users of a container's namespace must be able to reach the rootfs.
  ::chmod(directory_.path().c_str(), 0755);
}

Container& SystemTest::add_container() {
  const std::string id = fresh_id();
  containers_.push_back(std::make_unique<Container>(Runtime(path("state")), id, path(id)));
  return *containers_.back();
}

std::vector<std::string> SystemTest::ids() const {
  std::vector<std::string> list;
  for (const auto& container : containers_) list.push_back(container->id());
  return list;
}

void SystemTest::expect_nothing_left() const {
  for (const std::string& line : leftovers_.find(ids(), path("state"))) {
    ADD_FAILURE() << "left behind: " << line;
  }
}

void SystemTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "containers are made as root here";
}

void SystemTest::TearDown() {
  if (::geteuid() != 0) return;
  for (auto container = containers_.rbegin(); container != containers_.rend(); ++container) {
    if (!(*container)->query_state()) continue;
    EXPECT_TRUE(succeeds((*container)->remove_by_force()));
  }
  expect_nothing_left();
  leftovers_.clear(ids());
}

::testing::AssertionResult succeeds(const Outcome& outcome) {
  if (outcome) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << outcome;
}

::testing::AssertionResult fails_with(const Outcome& outcome, const std::string& expression) {
  if (outcome.timed_out) return ::testing::AssertionFailure() << outcome;
  if (!Runtime::is_gocker()) {
    if (outcome.code != 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "it did not fail: " << outcome;
  }
  if (outcome.code != 1) return ::testing::AssertionFailure() << "not 1: " << outcome;
  if (!outcome.out.empty()) return ::testing::AssertionFailure() << "stdout: " << outcome;
  const auto lines = std::count(outcome.err.begin(), outcome.err.end(), '\n');
  if (lines != 1 || !outcome.err.ends_with('\n')) {
    return ::testing::AssertionFailure() << "not one line: " << outcome;
  }
  // POSIX extended there, too; std::regex trips the sanitizers.
  const ::testing::Matcher<const std::string&> pattern = ::testing::ContainsRegex(expression);
  if (pattern.Matches(outcome.err)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "no match for " << expression << ": " << outcome;
}

}  // namespace gocker::test
