#include "imagetool/reference.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string error_of(std::string_view text) {
  try {
    parse_reference(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Reference, WidensShortNamesAsDockerDoes) {
  EXPECT_EQ(parse_reference("alpine").name(), "docker.io/library/alpine:latest");
  EXPECT_EQ(parse_reference("grafana/loki:2.9").name(), "docker.io/grafana/loki:2.9");
  EXPECT_EQ(parse_reference("docker.io/alpine").name(), "docker.io/library/alpine:latest");
  EXPECT_EQ(parse_reference("index.docker.io/alpine").name(), "docker.io/library/alpine:latest");
}

TEST(Reference, TakesTheFirstPartAsAHostOnlyWhereItLooksLikeOne) {
  EXPECT_EQ(parse_reference("localhost/x").host, "localhost");
  EXPECT_EQ(parse_reference("quay.io/a/b").host, "quay.io");
  EXPECT_EQ(parse_reference("box:5000/x").host, "box:5000");
  EXPECT_EQ(parse_reference("[::1]:5000/x:1").host, "[::1]:5000");
  EXPECT_EQ(parse_reference("localhosts/x").host, "docker.io");
  EXPECT_EQ(parse_reference("Box/x").host, "Box");
}

TEST(Reference, TellsPortsFromTags) {
  const Reference reference = parse_reference("127.0.0.1:5000/a/b");
  EXPECT_EQ(reference.host, "127.0.0.1:5000");
  EXPECT_EQ(reference.path, "a/b");
  EXPECT_EQ(reference.tag, "latest");
  EXPECT_EQ(parse_reference("127.0.0.1:5000/a:5000").tag, "5000");
}

TEST(Reference, LetsADigestDecideOverATag) {
  const Reference both = parse_reference("alpine:3@" + kDigest);
  EXPECT_EQ(both.version(), kDigest);
  EXPECT_EQ(both.name(), "docker.io/library/alpine@" + kDigest);
  EXPECT_EQ(parse_reference("alpine@" + kDigest).tag, "");
}

TEST(Reference, TakesEverySeparatorThatTheSpecificationNames) {
  for (const char* path : {"a.b", "a_b", "a__b", "a-b", "a---b", "0", "a/b/c-d.e"}) {
    EXPECT_EQ(parse_reference(std::string("h.example/") + path).path, path);
  }
}

TEST(Reference, RefusesPathsOutsideTheGrammar) {
  for (const char* path : {"a..b", "a___b", "-a", "a-", ".a", "a/", "/a", "a//b", "a_.b", "..",
                           "a/../b", "a b", "a%2e", "ä"}) {
    EXPECT_NE(error_of(std::string("h.example/") + path).find("is no image reference"),
              std::string::npos)
        << path;
  }
}

TEST(Reference, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(""), "'' is no image reference: empty");
  EXPECT_EQ(error_of("Alpine"), "'Alpine' is no image reference: its path has upper-case letters");
  EXPECT_EQ(error_of("https://x.example/a"),
            "'https://x.example/a' is no image reference: it starts without a scheme");
  EXPECT_NE(error_of("alpine:").find("'' is no tag"), std::string::npos);
  EXPECT_NE(error_of("alpine:.x").find("'.x' is no tag"), std::string::npos);
  EXPECT_NE(error_of("alpine@sha256:abc").find("64 hexadecimal digits"), std::string::npos);
  EXPECT_NE(error_of("alpine@md5:" + std::string(32, 'a')).find("sha256"), std::string::npos);
  EXPECT_NE(error_of("h.example:0/x").find("no valid port"), std::string::npos);
  EXPECT_NE(error_of("h.example:65536/x").find("no valid port"), std::string::npos);
  EXPECT_NE(error_of("h..example/x").find("is no host"), std::string::npos);
  EXPECT_NE(error_of("[::g]/x").find("is no host"), std::string::npos);
}

TEST(Reference, LimitsLengths) {
  EXPECT_EQ(parse_reference("a:" + std::string(128, 't')).tag.size(), 128u);
  EXPECT_NE(error_of("a:" + std::string(129, 't')).find("is no tag"), std::string::npos);
  EXPECT_NE(error_of("h.example/" + std::string(250, 'a')).find("255"), std::string::npos);
}

TEST(Reference, KnowsThisMachineByItsNames) {
  for (const char* host :
       {"localhost", "LOCALHOST:5000", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:5000"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"localhost.example", "128.0.0.1", "127.0.0.1.example", "[::2]",
                           "127.0.0.256", "docker.io"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace gocker
