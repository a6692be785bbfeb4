#include "imagetool/bundle/run_options.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker::tests {
namespace {

TEST(RunOptionsTest, ReadsMounts) {
  const BindMount plain = parse_bind_mount("/a/b:/c");
  EXPECT_EQ(plain.source, "/a/b");
  EXPECT_EQ(plain.destination, "/c");
  EXPECT_FALSE(plain.readonly);
  EXPECT_TRUE(parse_bind_mount("/a:/c:ro").readonly);
  EXPECT_FALSE(parse_bind_mount("/a:/c:rw").readonly);
  for (const char* wrong : {"", "/a", "a:/c", "/a:c", "/a:/c:rx", "/a:/c:ro:x", ":/c", "/a:"}) {
    EXPECT_THROW(parse_bind_mount(wrong), Error) << wrong;
  }
}

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

}  // namespace
}  // namespace gocker::tests
