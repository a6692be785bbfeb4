#include "imagetool/bundle/mapped_owner.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker {
namespace {

const IdMaps kMaps{{{0, 100000, 1000}, {5000, 7, 1}}, {{0, 200000, 1000}}};

TEST(MappedOwner, IsTheIdOutside) {
  Attributes attributes{.uid = 999, .gid = 0};
  map_owner(attributes, kMaps);
  EXPECT_EQ(attributes.uid, 100999U);
  EXPECT_EQ(attributes.gid, 200000U);
  attributes = {.uid = 5000, .gid = 1};
  map_owner(attributes, kMaps);
  EXPECT_EQ(attributes.uid, 7U);
}

TEST(MappedOwner, MustBeInTheNamespace) {
  Attributes user{.uid = 1000, .gid = 0};
  EXPECT_EQ(error_of([&] { map_owner(user, kMaps); }),
            "it belongs to user 1000, which is not mapped");
  Attributes group{.uid = 0, .gid = 5000};
  EXPECT_EQ(error_of([&] { map_owner(group, kMaps); }),
            "it belongs to group 5000, which is not mapped");
}

TEST(MappedOwner, HasItsCapabilitiesFromRootOfTheNamespace) {
  const std::string before(
      "\1\0\0\2"
      "\0\x20\0\0"
      "\0\0\0\0"
      "\0\0\0\0"
      "\0\0\0\0",
      20);
  const std::string other = "a label";
  Attributes attributes{.extended = {{"security.capability", before}, {"security.x", other}}};
  map_owner(attributes, kMaps);
  const std::string wanted(
      "\1\0\0\3"
      "\0\x20\0\0"
      "\0\0\0\0"
      "\0\0\0\0"
      "\0\0\0\0"
      "\xa0\x86\1\0",
      24);
  EXPECT_EQ(attributes.extended[0].value, wanted);
  EXPECT_EQ(attributes.extended[1].value, other);
}

}  // namespace
}  // namespace gocker
