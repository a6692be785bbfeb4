#include "imagetool/build/glob.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

struct Case {
  const char* pattern;
  const char* path;
  bool fits;
};

class GlobTest : public testing::TestWithParam<Case> {};

TEST_P(GlobTest, DecidesWhatFits) {
  const Case& each = GetParam();
  EXPECT_EQ(fits_path(each.pattern, each.path), each.fits) << each.pattern << " " << each.path;
}

INSTANTIATE_TEST_SUITE_P(
    All, GlobTest,
    testing::Values(
        Case{"abc", "abc", true}, Case{"abc", "abcd", false}, Case{"*", "abc", true},
        Case{"*", "", true}, Case{"*", "a/b", false}, Case{"*c", "abc", true},
        Case{"a*", "abc", true}, Case{"a*/b", "abc/b", true}, Case{"a*/b", "a/c/b", false},
        Case{"a*b*c*d*e*", "axbxcxdxe", true}, Case{"a*b?c*x", "abxbbxdbxebxczzx", true},
        Case{"a*b?c*x", "abxbbxdbxebxczzy", false}, Case{"ab[c]", "abc", true},
        Case{"ab[b-d]", "abc", true}, Case{"ab[e-g]", "abc", false}, Case{"ab[^c]", "abc", false},
        Case{"ab[^e-g]", "abc", true}, Case{"a\\*b", "a*b", true}, Case{"a\\*b", "ab", false},
        Case{"a?b", "a/b", false}, Case{"a[^a]b", "a/b", false}, Case{"[\\]a]", "]", true},
        Case{"[\\-x]", "-", true}, Case{"[x\\-]", "z", false}, Case{"[]a]", "]", false},
        Case{"*x", "xxx", true}, Case{"", "", true}, Case{"", "a", false},
        Case{"**", "a/b/c", true}, Case{"**/*.o", "x.o", true}, Case{"**/*.o", "a/b/x.o", true},
        Case{"**/*.o", "a/x.c", false}, Case{"a/**/b", "a/b", true},
        Case{"a/**/b", "a/x/y/b", true}, Case{"a/**/b", "axb", false},
        Case{"doc/**", "doc/a/b", true}, Case{"doc/**", "docs/a", false}, Case{"**/b", "ab", false},
        Case{"**b", "x/ab", true}));

TEST(GlobTest, HostilePatternsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  EXPECT_FALSE(fits_path(pattern, std::string(250, 'a') + "b"));
  EXPECT_FALSE(fits_path("**/**/**/**/**/**/**/**/**/x", std::string(500, '/')));
}

TEST(GlobTest, SlashesAreLikeOthersInText) {
  EXPECT_TRUE(fits_text("a*", "a/b"));
  EXPECT_TRUE(fits_text("a?b", "a/b"));
}

TEST(GlobTest, MalformedPatternsAreRefused) {
  for (const char* pattern : {"[", "[a", "[]", "[]a]", "[a-]", "[-x]", "a\\", "[^]", "[a-\\"}) {
    EXPECT_NE(error_of([&] { check_pattern(pattern); }), "no error") << pattern;
  }
  for (const char* pattern : {"", "a", "[a-c]x", "\\[", "**/x", "[\\]]"}) {
    EXPECT_EQ(error_of([&] { check_pattern(pattern); }), "no error") << pattern;
  }
}

}  // namespace
}  // namespace gocker::tests
