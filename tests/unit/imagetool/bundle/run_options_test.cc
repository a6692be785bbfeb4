#include "imagetool/bundle/run_options.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker::tests {
namespace {

TEST(RunOptionsTest, ReadsAmountsOfMemory) {
  EXPECT_EQ(parse_memory("1"), 1);
  EXPECT_EQ(parse_memory("10b"), 10);
  EXPECT_EQ(parse_memory("4k"), 4096);
  EXPECT_EQ(parse_memory("512M"), int64_t{512} << 20);
  EXPECT_EQ(parse_memory("2g"), int64_t{2} << 30);
  EXPECT_EQ(parse_memory("1t"), int64_t{1} << 40);
  EXPECT_EQ(parse_memory("9223372036854775807"), INT64_MAX);
  for (const char* wrong : {"", "0", "0k", "-1", "k", "1.5g", "1x", "1kb", " 1", "8388608t",
                            "9223372036854775808", "99999999999999999999"}) {
    EXPECT_THROW(parse_memory(wrong), Error) << wrong;
  }
}

TEST(RunOptionsTest, ReadsNumbersOfProcessors) {
  EXPECT_EQ(parse_cpus("1"), 100'000);
  EXPECT_EQ(parse_cpus("1.5"), 150'000);
  EXPECT_EQ(parse_cpus(".25"), 25'000);
  EXPECT_EQ(parse_cpus("0.01"), 1'000);
  EXPECT_EQ(parse_cpus("2."), 200'000);
  EXPECT_EQ(parse_cpus("64.125"), 6'412'500);
  for (const char* wrong :
       {"", ".", "0", "0.001", "-1", "1e3", "1.2345", "one", "1,5", "99999999999"}) {
    EXPECT_THROW(parse_cpus(wrong), Error) << wrong;
  }
}

TEST(RunOptionsTest, ReadsNetworks) {
  EXPECT_EQ(parse_network("host"), NetworkMode::host);
  EXPECT_EQ(parse_network("none"), NetworkMode::none);
  EXPECT_THROW(parse_network("bridge"), Error);
}

TEST(RunOptionsTest, ReadsLimitsOfProcesses) {
  const oci::Rlimit both = parse_rlimit("nofile=1024:2048");
  EXPECT_EQ(both.type, "RLIMIT_NOFILE");
  EXPECT_EQ(both.soft, 1024U);
  EXPECT_EQ(both.hard, 2048U);
  EXPECT_EQ(parse_rlimit("nproc=7").hard, 7U);
  EXPECT_EQ(parse_rlimit("core=0:-1").hard, UINT64_MAX);
  for (const char* wrong : {"", "nofile", "=1", "nofile=", "nofile=x", "nofile=2:1", "nofile=1:"}) {
    EXPECT_THROW(parse_rlimit(wrong), Error) << wrong;
  }
}

TEST(RunOptionsTest, ReadsEnvironmentFiles) {
  const std::vector<std::string> expected = {"A=1", "B= two ", "C"};
  EXPECT_EQ(parse_env_file("A=1\n# no\n\n  \nB= two \r\nC"), expected);
}

}  // namespace
}  // namespace gocker::tests
