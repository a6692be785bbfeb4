#include "imagetool/build/variables.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

std::optional<std::string> look_up(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kValues = {
      {"X", "value"}, {"EMPTY", ""}, {"P", "/usr/lib/x.tar.gz"}, {"Q", "a\"b"}};
  const auto found = kValues.find(name);
  return found == kValues.end() ? std::nullopt : std::optional(found->second);
}

struct Case {
  const char* text;
  const char* result;
};

class ExpandTest : public testing::TestWithParam<Case> {};

TEST_P(ExpandTest, PutsValuesIn) {
  EXPECT_EQ(expand(GetParam().text, '\\', look_up), GetParam().result) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ExpandTest,
    testing::Values(
        Case{"", ""}, Case{"plain", "plain"}, Case{"$X", "value"}, Case{"${X}", "value"},
        Case{"a${X}b$X/c",
             "avalueb"
             "value/c"},
        Case{"$NONE.", "."}, Case{"$", "$"}, Case{"$1 $(x)", "$1 $(x)"}, Case{"\\$X", "$X"},
        Case{"\\a\\\\", "a\\"}, Case{"a\\", "a\\"}, Case{"'$X'", "$X"}, Case{"\"$X\"", "value"},
        Case{"\"a\\\"b\\$X\\n\"", "a\"b$X\\n"}, Case{"\"'$X'\"", "'value'"},
        Case{"'a'\"b\"c", "abc"}, Case{"$Q", "a\"b"}, Case{"${NONE:-d}", "d"},
        Case{"${EMPTY:-d}", "d"}, Case{"${EMPTY-d}", ""}, Case{"${X:-d}", "value"},
        Case{"${X:+d}", "d"}, Case{"${EMPTY:+d}", ""}, Case{"${EMPTY+d}", "d"},
        Case{"${NONE+d}", ""}, Case{"${NONE:-${X}}", "value"}, Case{"${NONE:-\"a }b\"}", "a }b"},
        Case{"${X:?no}", "value"}, Case{"${EMPTY?no}", ""}, Case{"${P##*/}", "x.tar.gz"},
        Case{"${P#*/}", "usr/lib/x.tar.gz"}, Case{"${P%.*}", "/usr/lib/x.tar"},
        Case{"${P%%.*}", "/usr/lib/x"}, Case{"${NONE#a}", ""}));

TEST(ExpandTest, TheEscapeCharacterIsTheFiles) {
  EXPECT_EQ(expand("`$X\\$X", '`', look_up), "$X\\value");
}

TEST(ExpandTest, HereDocumentsKeepTheirQuotes) {
  EXPECT_EQ(expand_variables("'$X' \"${X}\" \\$X \\n", '\\', look_up), "'value' \"value\" $X \\n");
}

TEST(ExpandTest, RefusesWhatItCannotRead) {
  const auto error = [](const char* text) {
    return error_of([text] { expand(text, '\\', look_up); });
  };
  EXPECT_EQ(error("'a"), "a ' without its end");
  EXPECT_EQ(error("\"a"), "a \" without its end");
  EXPECT_EQ(error("${X"), "${X without its }");
  EXPECT_EQ(error("${X:-a"), "${ without its }");
  EXPECT_EQ(error("${}"), "${ without the name of a variable");
  EXPECT_EQ(error("${X!y}"), "${X...}: only the forms :- :+ :? # ## % %% are known");
  EXPECT_EQ(error("${NONE:?give one}"), "NONE: give one");
  EXPECT_EQ(error("${NONE?}"), "NONE: it is not set");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "${NONE:-";
  EXPECT_EQ(error(deep.c_str()), "${...} nested too deep");
}

}  // namespace
}  // namespace gocker::tests
