#include "imagetool/build/ignore_rules.h"

#include <gtest/gtest.h>

#include "imagetool/layer/canonical_path.h"
#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

struct Case {
  const char* rules;
  const char* path;
  bool ignored;
};

class IgnoreRulesTest : public testing::TestWithParam<Case> {};

TEST_P(IgnoreRulesTest, DecidesWhatIsLeftOut) {
  const Case& each = GetParam();
  EXPECT_EQ(IgnoreRules(each.rules, ".dockerignore").ignores(each.path), each.ignored)
      << each.rules << " " << each.path;
}

INSTANTIATE_TEST_SUITE_P(
    All, IgnoreRulesTest,
    testing::Values(Case{"", "a", false}, Case{"a", "a", true}, Case{"a", "a/b/c", true},
                    Case{"a", "b/a", false}, Case{"**/a", "b/a", true}, Case{"/a/", "a", true},
                    Case{"./a/../b", "b", true}, Case{"*.o", "x.o", true},
                    Case{"*.o", "d/x.o", false}, Case{"*/*.o", "d/x.o", true},
                    Case{"**/*.o", "d/e/x.o", true}, Case{"# a\nb", "# a", false},
                    Case{"  a  \r\n\n", "a", true}, Case{"*\n!keep", "keep", false},
                    Case{"*\n!keep", "keep/inside", false}, Case{"*\n!keep", "other", true},
                    Case{"!keep\n*", "keep", true}, Case{"dir\n!dir/a", "dir/a", false},
                    Case{"dir\n!dir/a", "dir/b", true},
                    Case{"*.md\n!README*.md\nREADME-secret.md", "README.md", false},
                    Case{"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
                    Case{".", "a", false}, Case{"/", "a", false}, Case{"! a", "a", false}));

TEST(IgnoreRulesTest, KnowsItsExceptions) {
  EXPECT_FALSE(IgnoreRules("a\n#!b", "x").has_exceptions());
  EXPECT_TRUE(IgnoreRules("a\n!b", "x").has_exceptions());
}

TEST(IgnoreRulesTest, MalformedPatternsAreRefusedWithTheirPlace) {
  EXPECT_EQ(error_of([] { IgnoreRules("a\n[b", ".dockerignore"); }),
            ".dockerignore:2: '[b': its [...] is malformed");
  EXPECT_EQ(error_of([] { IgnoreRules("!", ".dockerignore"); }),
            ".dockerignore:1: a ! without a pattern");
}

TEST(CleanRelativeTest, LeavesNamesAndSlashesBetweenThem) {
  EXPECT_EQ(clean_relative("/a//b/./c/"), "a/b/c");
  EXPECT_EQ(clean_relative("../../a/../b"), "b");
  EXPECT_EQ(clean_relative("/"), "");
}

}  // namespace
}  // namespace gocker::tests
