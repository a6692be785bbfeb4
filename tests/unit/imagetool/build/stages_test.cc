#include "imagetool/build/stages.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

TEST(StagesTest, EachFromBeginsOne) {
  const Dockerfile file = parse_dockerfile(
      "ARG V=1\nFROM a:$V AS Build\nRUN x\nRUN y\nFROM b\nFROM build as last\nCMD z\n", "D");
  const Stages stages = split_stages(file);
  EXPECT_EQ(stages.arguments.size(), 1U);
  ASSERT_EQ(stages.list.size(), 3U);
  EXPECT_EQ(stages.list[0].name, "build");
  EXPECT_EQ(stages.list[0].instructions.size(), 2U);
  EXPECT_EQ(stages.list[1].name, "");
  EXPECT_TRUE(stages.list[1].instructions.empty());
  EXPECT_EQ(stages.list[2].instructions.size(), 1U);
  EXPECT_EQ(stages.find("BUILD", 3), 0U);
  EXPECT_EQ(stages.find("1", 3), 1U);
  EXPECT_EQ(stages.find("last", 2), std::nullopt) << "it comes later";
  EXPECT_EQ(stages.find("3", 3), std::nullopt);
}

TEST(StagesTest, RefusesWhatIsNoStage) {
  const auto error = [](const char* text) {
    return error_of([text] { split_stages(parse_dockerfile(text, "D")); });
  };
  EXPECT_EQ(error("ARG A"), "D: it has no FROM");
  EXPECT_EQ(error("RUN x\nFROM a"), "D:1: RUN: stands before the first FROM, where only ARG may");
  EXPECT_EQ(error("FROM a AS x\nFROM b AS X"),
            "D:2: FROM: the name 'x' is that of an earlier stage");
  EXPECT_EQ(error("FROM a AS 1x"),
            "D:1: FROM: '1x' is no name for a stage: a letter, then letters, digits, - _ .");
}

}  // namespace
}  // namespace gocker::tests
