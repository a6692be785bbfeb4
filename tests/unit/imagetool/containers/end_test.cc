#include "imagetool/containers/end.h"

#include <gtest/gtest.h>

namespace gocker {
namespace {

using std::chrono::milliseconds;

ContainerRecord ended(const char* policy, std::optional<int> exit_code) {
  ContainerRecord record;
  record.restart = parse_restart_policy(policy);
  record.exit_code = exit_code;
  return record;
}

TEST(EndTest, WantsARestartWhereThePolicySaysSo) {
  EXPECT_FALSE(wants_restart(ended("no", 1)));
  EXPECT_TRUE(wants_restart(ended("always", 0)));
  EXPECT_TRUE(wants_restart(ended("unless-stopped", 0)));
  EXPECT_TRUE(wants_restart(ended("on-failure", 1)));
  EXPECT_TRUE(wants_restart(ended("on-failure", std::nullopt))) << "an unknown code is none of 0";
  EXPECT_FALSE(wants_restart(ended("on-failure", 0)));
}

TEST(EndTest, WantsNoRestartOfWhatAPersonHasStopped) {
  for (const char* policy : {"always", "unless-stopped", "on-failure"}) {
    ContainerRecord record = ended(policy, 1);
    record.stopped = true;
    EXPECT_FALSE(wants_restart(record)) << policy;
  }
}

TEST(EndTest, CountsRestartsInARow) {
  ContainerRecord record = ended("on-failure:2", 1);
  record.restarts = 1;
  EXPECT_TRUE(wants_restart(record));
  record.restarts = 2;
  EXPECT_FALSE(wants_restart(record));
}

TEST(EndTest, RestsLongerEachTimeAndAMinuteAtMost) {
  ContainerRecord record;
  EXPECT_EQ(restart_delay(record), milliseconds(100));
  record.restarts = 1;
  EXPECT_EQ(restart_delay(record), milliseconds(200));
  record.restarts = 5;
  EXPECT_EQ(restart_delay(record), milliseconds(3200));
  for (const uint64_t many : {uint64_t{10}, uint64_t{64}, ~uint64_t{0}}) {
    record.restarts = many;
    EXPECT_EQ(restart_delay(record), milliseconds(60'000));
  }
}

}  // namespace
}  // namespace gocker
