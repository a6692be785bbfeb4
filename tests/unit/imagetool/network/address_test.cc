#include "imagetool/network/address.h"

#include <gtest/gtest.h>

#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

TEST(Ipv4, TakesFourPlainNumbers) {
  EXPECT_EQ(parse_ipv4("10.88.0.1"), 0x0A580001u);
  EXPECT_EQ(parse_ipv4("0.0.0.0"), 0u);
  EXPECT_EQ(parse_ipv4("255.255.255.255"), 0xFFFFFFFFu);
  EXPECT_EQ(ipv4_text(0x0A580001), "10.88.0.1");
}

TEST(Ipv4, RefusesWhatOthersReadDifferently) {
  for (const char* text : {"", "10", "10.1", "10.1.2", "10.1.2.3.4", "10.1.2.256", "10.1.2.-1",
                           "010.1.2.3", "10.1.2.0x3", "10.1.2.3 ", " 10.1.2.3", "10..2.3",
                           "10.1.2.99999999999999999999", "a.b.c.d", "::1"}) {
    EXPECT_EQ(parse_ipv4(text), std::nullopt) << text;
  }
}

TEST(Subnets, KnowTheirBounds) {
  const Subnet subnet = parse_subnet("10.90.4.0/22");
  EXPECT_EQ(ipv4_text(subnet.first), "10.90.4.0");
  EXPECT_EQ(ipv4_text(subnet.last()), "10.90.7.255");
  EXPECT_EQ(to_text(subnet), "10.90.4.0/22");
  EXPECT_TRUE(subnet.contains(*parse_ipv4("10.90.7.255")));
  EXPECT_FALSE(subnet.contains(*parse_ipv4("10.90.8.0")));
  EXPECT_EQ(parse_subnet("0.0.0.0/0").last(), 0xFFFFFFFFu);
  EXPECT_EQ(parse_subnet("1.2.3.4/32").last(), 0x01020304u);
}

TEST(Subnets, OverlapWhereTheyShareAnAddress) {
  const Subnet subnet = parse_subnet("10.90.4.0/22");
  EXPECT_TRUE(subnet.overlaps(subnet));
  EXPECT_TRUE(subnet.overlaps(parse_subnet("10.0.0.0/8")));
  EXPECT_TRUE(subnet.overlaps(parse_subnet("10.90.7.255/32")));
  EXPECT_FALSE(subnet.overlaps(parse_subnet("10.90.8.0/22")));
  EXPECT_FALSE(subnet.overlaps(parse_subnet("10.90.0.0/22")));
}

TEST(Subnets, RefuseWhatIsNone) {
  EXPECT_EQ(
      error_of([] { parse_subnet("10.90.4.0"); }),
      "'10.90.4.0' is no subnet: it takes an IPv4 address and a prefix, such as 10.90.0.0/24");
  EXPECT_EQ(error_of([] { parse_subnet("10.90.4.0/33"); }),
            "'10.90.4.0/33' is no subnet: the prefix is a number up to 32");
  EXPECT_EQ(error_of([] { parse_subnet("10.90.4.7/24"); }),
            "'10.90.4.7/24' is no subnet: did you mean 10.90.4.0/24?");
  EXPECT_NE(error_of([] { parse_subnet("fd00::/64"); }), "");
  EXPECT_NE(error_of([] { parse_subnet("10.90.4.0/"); }), "");
}

}  // namespace
}  // namespace gocker
