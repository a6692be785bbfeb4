#include "imagetool/containers/attach.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker {
namespace {

TEST(DetachKeysTest, AreLettersAndControlCharacters) {
  EXPECT_EQ(parse_detach_keys("ctrl-p,ctrl-q"), "\x10\x11");
  EXPECT_EQ(parse_detach_keys("a,ctrl-A"), "a\x01");
  EXPECT_EQ(parse_detach_keys(""), "");
  for (const char* text : {"ctrl-", "ctrl-1", "ab", ",", "shift-a"}) {
    EXPECT_NE(error_of([&] { parse_detach_keys(text); }).find("no detach keys"), std::string::npos)
        << text;
  }
}

TEST(DetachKeysTest, ArePassedOnWhereTheyAreNotAllTyped) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.filter("a\x10"), "a");
  EXPECT_EQ(keys.filter("b"),
            "\x10"
            "b");
  EXPECT_EQ(keys.filter("\x10\x10"), "\x10");
  EXPECT_FALSE(keys.was_typed());
  EXPECT_EQ(keys.filter("\x11 not for the program"), "");
  EXPECT_TRUE(keys.was_typed());
}

TEST(DetachKeysTest, CanBeNone) {
  DetachKeys keys("");
  EXPECT_EQ(keys.filter("\x10\x11"), "\x10\x11");
  EXPECT_FALSE(keys.was_typed());
}

}  // namespace
}  // namespace gocker
