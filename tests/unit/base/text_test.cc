#include "runtime/base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gocker {
namespace {

using Fields = std::vector<std::string_view>;

constexpr const char* kReplacement = "\xEF\xBF\xBD";  // U+FFFD

TEST(Split, KeepsEmptyFields) {
  EXPECT_EQ(split("a::b", ':'), (Fields{"a", "", "b"}));
  EXPECT_EQ(split(":", ':'), (Fields{"", ""}));
  EXPECT_EQ(split("", ':'), (Fields{""}));
  EXPECT_EQ(split("alone", ':'), (Fields{"alone"}));
}

TEST(Join, PutsTheSeparatorBetweenParts) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({"same", "same"}, "-"), "same-same");
}

TEST(Trim, TakesBlanksFromBothEndsOnly) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \r\n\t "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("a"), "a");
}

TEST(ToLower, ChangesAsciiLettersOnly) {
  EXPECT_EQ(to_lower("Sha256-\xC3\x84Z@["), "sha256-\xC3\x84z@[");
}

TEST(ParseU64, TakesDecimalDigitsAndNothingElse) {
  EXPECT_EQ(parse_u64("0"), 0u);
  EXPECT_EQ(parse_u64("007"), 7u);
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615u);
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "1e3", "0x10", "1.0", "1_000", "\n1", "1\n",
                          "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_u64(bad)) << '"' << bad << '"';
  }
  EXPECT_FALSE(parse_u64(std::string_view("1\0", 2)));
}

TEST(ParseU64, RefusesWhatIsAboveTheMaximum) {
  EXPECT_EQ(parse_u64("100", 100), 100u);
  EXPECT_FALSE(parse_u64("101", 100));
}

TEST(ParseU32, DoesNotWrap) {
  EXPECT_EQ(parse_u32("4294967295"), 4294967295u);
  EXPECT_FALSE(parse_u32("4294967296"));
  EXPECT_FALSE(parse_u32("-1"));
  EXPECT_FALSE(parse_u32("1x"));
}

TEST(ParseI64, TakesALeadingMinus) {
  EXPECT_EQ(parse_i64("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_i64("9223372036854775807"), INT64_MAX);
  EXPECT_FALSE(parse_i64("-9223372036854775809"));
  EXPECT_FALSE(parse_i64("9223372036854775808"));
  for (const char* bad : {"", "-", "--1", "+1", "- 1"}) EXPECT_FALSE(parse_i64(bad)) << bad;
}

TEST(ParseOctal, TakesOctalDigitsOnly) {
  EXPECT_EQ(parse_octal("0755"), 0755u);
  EXPECT_EQ(parse_octal("22"), 022u);
  for (const char* bad : {"", "8", "0o22", "-22", "40000000000"}) EXPECT_FALSE(parse_octal(bad));
}

TEST(JsonQuote, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_quote("a\"b\\c\n\t\r\x01\x7F/"), "\"a\\\"b\\\\c\\n\\t\\u000d\\u0001\\u007f/\"");
  EXPECT_EQ(json_quote(std::string_view("\0", 1)), "\"\\u0000\"");
  EXPECT_EQ(json_quote(""), "\"\"");
}

TEST(JsonQuote, KeepsWellFormedUtf8) {
  for (const char* text : {"\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x90\xB3", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xC2\x80", "\xE0\xA0\x80"}) {
    EXPECT_EQ(json_quote(text), std::string("\"") + text + "\"");
  }
}

TEST(JsonQuote, ReplacesBrokenUtf8ByteByByte) {
  const std::string_view broken[] = {
      "\x80",              // a continuation without a start
      "\xC0\xAF",          // overlong slash
      "\xE0\x80\xAF",      // overlong in three bytes
      "\xF0\x80\x80\xAF",  // overlong in four
      "\xED\xA0\x80",      // a surrogate
      "\xF4\x90\x80\x80",  // beyond U+10FFFF
      "\xF5\x80\x80\x80",
      "\xFF",
      "\xFE\xFF",
      "\xE2\x82",  // cut short
  };
  for (const std::string_view text : broken) {
    std::string expected = "\"";
    for (size_t i = 0; i < text.size(); ++i) expected += kReplacement;
    EXPECT_EQ(json_quote(text), expected + "\"");
  }
}

TEST(JsonQuote, GoesOnAfterABrokenByte) {
  EXPECT_EQ(json_quote("a\xFF"
                       "b\xE2\x82\xAC"),
            std::string("\"a") + kReplacement + "b\xE2\x82\xAC\"");
  EXPECT_EQ(json_quote("\xE2\"x"), std::string("\"") + kReplacement + "\\\"x\"");
}

TEST(Nearest, FindsATypingError) {
  const std::vector<std::string_view> commands = {"create", "start", "state", "kill", "delete"};
  EXPECT_EQ(nearest("craete", commands), "create");
  EXPECT_EQ(nearest("stat", commands), "start");
  EXPECT_EQ(nearest("deletee", commands), "delete");
}

TEST(Nearest, SaysNothingAboutAnotherWord) {
  const std::vector<std::string_view> commands = {"create", "ps"};
  EXPECT_EQ(nearest("checkpoint", commands), "");
  EXPECT_EQ(nearest("", commands), "");
  EXPECT_EQ(nearest("xy", commands), "");  // as far from "ps" as "ps" is long
  EXPECT_EQ(nearest("create", {}), "");
}

TEST(Rfc3339, WritesUtcWithNineDigits) {
  EXPECT_EQ(rfc3339(0, 0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(rfc3339(1795373811, 123456789), "2026-11-22T18:56:51.123456789Z");
  EXPECT_EQ(rfc3339(-1, 999999999), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace gocker
