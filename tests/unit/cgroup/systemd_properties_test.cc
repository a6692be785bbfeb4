#include "runtime/cgroup/systemd_properties.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

std::string read(const std::string& name, const std::string& text) {
  return to_text(properties_of_annotations({{"org.systemd.property." + name, text}}));
}

TEST(SystemdProperties, AreReadFromAnnotations) {
  EXPECT_EQ(read("KillSignal", "15"), "KillSignal\ti\t15\n");
  EXPECT_EQ(read("KillSignal", "-15"), "KillSignal\ti\t-15\n");
  EXPECT_EQ(read("TimeoutStopUSec", "uint64 10000000"), "TimeoutStopUSec\tt\t10000000\n");
  EXPECT_EQ(read("Delegate", "false"), "Delegate\tb\tfalse\n");
  EXPECT_EQ(read("Description", "'a box'"), "Description\ts\ta box\n");
  EXPECT_EQ(read("Description", "\"a box\""), "Description\ts\ta box\n");
  EXPECT_EQ(read("After", "['a.service', 'b.service']"), "After\tas\ta.service\tb.service\n");
  EXPECT_EQ(read("After", "[]"), "After\tas\n");
}

TEST(SystemdProperties, InSecondsGoAsMicroseconds) {
  EXPECT_EQ(read("TimeoutStopSec", "3"), "TimeoutStopUSec\tt\t3000000\n");
  EXPECT_EQ(error_of([] { read("TimeoutStopSec", "'3'"); }),
            "read annotation org.systemd.property.TimeoutStopSec: must be a number of seconds");
  EXPECT_NE(error_of([] { read("TimeoutStopSec", "uint64 18446744073709551615"); }), "");
}

TEST(SystemdProperties, RefuseOtherValues) {
  for (const char* text : {"", "text", "{1}", "'a", "'a'b'", "1.5", "uint64 -1",
                           "uint32 4294967296", "2147483648", "[1, 2]", "['a', b]", "'a\tb'"}) {
    EXPECT_NE(error_of([&] { read("X", text); }).find("must be a value such as"), std::string::npos)
        << text;
  }
  EXPECT_NE(error_of([] { read("", "1"); }), "");
  EXPECT_NE(error_of([] { read("a b", "1"); }), "");
}

TEST(SystemdProperties, LeaveOtherAnnotationsAlone) {
  EXPECT_TRUE(properties_of_annotations({{"org.systemd.other", "1"}, {"a", "{"}}).empty());
}

TEST(SystemdProperties, AreTheSameAfterTheWayToTheHelper) {
  const SystemdProperties properties = {
      {"Slice", "s", {"a.slice"}}, {"AllowedCPUs", "ay", {"3", "0"}}, {"After", "as", {}}};
  EXPECT_EQ(parse_systemd_properties(to_text(properties)), properties);
  EXPECT_TRUE(parse_systemd_properties(to_text(SystemdProperties{})).empty());
  EXPECT_EQ(error_of([] { parse_systemd_properties("X"); }), "not a property: \"X\"");
}

TEST(ScopeMember, IsTheSameAfterTheWayToTheHelper) {
  const auto member = parse_scope_member(to_text(ScopeMember{.pid = 42, .group = "/init"}));
  ASSERT_TRUE(member);
  EXPECT_EQ(member->pid, 42);
  EXPECT_EQ(member->group, "/init");
}

TEST(ScopeMember, IsNeverTakenForAProperty) {
  EXPECT_FALSE(parse_scope_member(to_text(SystemdProperties{{"Slice", "s", {"a.slice"}}})));
  EXPECT_FALSE(parse_scope_member(to_text(SystemdProperties{})));
}

}  // namespace
}  // namespace gocker
