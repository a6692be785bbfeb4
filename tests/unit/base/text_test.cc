#include "runtime/base/text.h"

#include <gtest/gtest.h>

namespace gocker {
namespace {

TEST(Split, KeepsEmptyFields) {
  EXPECT_EQ(split("a::b", ':'), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
}

}  // namespace
}  // namespace gocker
