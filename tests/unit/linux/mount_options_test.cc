#include "runtime/linux/mount_options.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>

#include "runtime/base/error.h"

namespace gocker {
namespace {

using Options = std::vector<std::string>;

constexpr uint64_t kAtime = MOUNT_ATTR__ATIME;

struct AttributeCase {
  Options options;
  uint64_t set;
  uint64_t clear;
};

class MountAttributes : public ::testing::TestWithParam<AttributeCase> {};

TEST_P(MountAttributes, AreSetAndCleared) {
  const MountOptions parsed = parse_mount_options(GetParam().options);
  EXPECT_EQ(parsed.set_attributes, GetParam().set);
  EXPECT_EQ(parsed.clear_attributes, GetParam().clear);
  EXPECT_EQ(parsed.set_recursively, 0u);
  EXPECT_EQ(parsed.clear_recursively, 0u);
  EXPECT_TRUE(parsed.parameters.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, MountAttributes,
    ::testing::Values(
        AttributeCase{{}, 0, 0}, AttributeCase{{"defaults"}, 0, 0},
        AttributeCase{{"ro"}, MOUNT_ATTR_RDONLY, 0}, AttributeCase{{"rw"}, 0, MOUNT_ATTR_RDONLY},
        AttributeCase{{"nosuid", "nodev", "noexec"},
                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                      0},
        AttributeCase{
            {"suid", "dev", "exec"}, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
        AttributeCase{{"nosymfollow"}, MOUNT_ATTR_NOSYMFOLLOW, 0},
        AttributeCase{{"symfollow"}, 0, MOUNT_ATTR_NOSYMFOLLOW},
        AttributeCase{{"nodiratime"}, MOUNT_ATTR_NODIRATIME, 0},
        AttributeCase{{"diratime"}, 0, MOUNT_ATTR_NODIRATIME},
        AttributeCase{{"noatime"}, MOUNT_ATTR_NOATIME, kAtime},
        AttributeCase{{"strictatime"}, MOUNT_ATTR_STRICTATIME, kAtime},
        AttributeCase{{"relatime"}, 0, kAtime}, AttributeCase{{"atime"}, 0, kAtime},
        AttributeCase{{"nostrictatime"}, 0, kAtime}, AttributeCase{{"norelatime"}, 0, 0},
        AttributeCase{{"silent", "loud", "iversion", "noiversion"}, 0, 0},
        AttributeCase{{"auto", "noauto", "nofail", "nouser", "_netdev", "x-a.b=c"}, 0, 0}));

INSTANTIATE_TEST_SUITE_P(
    LaterWins, MountAttributes,
    ::testing::Values(AttributeCase{{"ro", "rw"}, 0, MOUNT_ATTR_RDONLY},
                      AttributeCase{{"rw", "ro"}, MOUNT_ATTR_RDONLY, 0},
                      AttributeCase{{"noatime", "strictatime"}, MOUNT_ATTR_STRICTATIME, kAtime},
                      AttributeCase{{"strictatime", "noatime"}, MOUNT_ATTR_NOATIME, kAtime},
                      AttributeCase{{"noatime", "relatime"}, 0, kAtime},
                      AttributeCase{{"noatime", "atime"}, 0, kAtime},
                      // The opposite of one mode says nothing about another one.
                      AttributeCase{{"noatime", "nostrictatime"}, MOUNT_ATTR_NOATIME, kAtime},
                      AttributeCase{{"strictatime", "atime"}, MOUNT_ATTR_STRICTATIME, kAtime}));

TEST(MountOptions, WithAnRHoldForTheWholeTree) {
  const MountOptions parsed = parse_mount_options({"rro", "rnosuid", "rexec", "rnoatime"});
  EXPECT_EQ(parsed.set_recursively, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME);
  EXPECT_EQ(parsed.clear_recursively, MOUNT_ATTR_NOEXEC | kAtime);
  EXPECT_EQ(parsed.set_attributes, 0u);
  EXPECT_EQ(parsed.clear_attributes, 0u);
}

TEST(MountOptions, RecursiveOneUndoesAnEarlierContraryOneOfTheTop) {
  const MountOptions parsed = parse_mount_options({"rw", "rro"});
  EXPECT_EQ(parsed.set_recursively, uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_EQ(parsed.clear_attributes, 0u);
}

TEST(MountOptions, TopMayDifferFromItsTree) {
  const MountOptions parsed = parse_mount_options({"rro", "rw"});
  EXPECT_EQ(parsed.set_recursively, uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_EQ(parsed.clear_attributes, uint64_t{MOUNT_ATTR_RDONLY});
}

TEST(MountOptions, EveryNameOfTheSpecificationIsKnown) {
  const std::vector<std::string> known = known_mount_options();
  for (const char* name :
       {"async",          "atime",      "bind",         "defaults",    "dev",
        "diratime",       "dirsync",    "exec",         "iversion",    "lazytime",
        "loud",           "mand",       "noatime",      "nodev",       "nodiratime",
        "noexec",         "noiversion", "nolazytime",   "nomand",      "norelatime",
        "nostrictatime",  "nosuid",     "nosymfollow",  "private",     "ratime",
        "rbind",          "rdev",       "rdiratime",    "relatime",    "remount",
        "rexec",          "rnoatime",   "rnodiratime",  "rnoexec",     "rnorelatime",
        "rnostrictatime", "rnosuid",    "rnosymfollow", "ro",          "rprivate",
        "rrelatime",      "rro",        "rrw",          "rshared",     "rslave",
        "rstrictatime",   "rsuid",      "rsymfollow",   "runbindable", "rw",
        "shared",         "silent",     "slave",        "strictatime", "suid",
        "symfollow",      "sync",       "tmpcopyup",    "unbindable",  "idmap",
        "ridmap"}) {
    EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name;
  }
}

TEST(MountOptions, KnownNamesAreSortedAndUnique) {
  const std::vector<std::string> known = known_mount_options();
  EXPECT_TRUE(std::is_sorted(known.begin(), known.end()));
  EXPECT_EQ(std::adjacent_find(known.begin(), known.end()), known.end());
}

TEST(MountOptions, KnownNamesAreNoUnknownParameters) {
  for (const std::string& name : known_mount_options()) {
    const MountOptions parsed = parse_mount_options({name});
    for (const auto& [parameter, value] : parsed.parameters) {
      EXPECT_EQ(parameter, name);
      EXPECT_EQ(value, "");
    }
  }
  EXPECT_EQ(parse_mount_options({"sync"}).parameters.size(), 1u);
  EXPECT_TRUE(parse_mount_options({"rnorelatime"}).parameters.empty());
}

TEST(MountOptions, BindsAndOtherSwitches) {
  EXPECT_TRUE(parse_mount_options({"bind"}).bind);
  EXPECT_FALSE(parse_mount_options({"bind"}).recursive);
  EXPECT_TRUE(parse_mount_options({"rbind"}).bind);
  EXPECT_TRUE(parse_mount_options({"rbind"}).recursive);
  EXPECT_TRUE(parse_mount_options({"remount"}).remount);
  EXPECT_TRUE(parse_mount_options({"tmpcopyup"}).tmpcopyup);
  EXPECT_TRUE(parse_mount_options({"idmap"}).idmap);
  EXPECT_FALSE(parse_mount_options({"idmap"}).recursive_idmap);
  EXPECT_TRUE(parse_mount_options({"ridmap"}).idmap);
  EXPECT_TRUE(parse_mount_options({"ridmap"}).recursive_idmap);
}

TEST(MountOptions, Propagation) {
  const MountOptions shared = parse_mount_options({"private", "shared"});
  EXPECT_EQ(shared.propagation, uint64_t{MS_SHARED});
  EXPECT_FALSE(shared.recursive_propagation);
  const MountOptions slave = parse_mount_options({"rslave"});
  EXPECT_EQ(slave.propagation, uint64_t{MS_SLAVE});
  EXPECT_TRUE(slave.recursive_propagation);
  EXPECT_EQ(parse_mount_options({"rprivate"}).propagation, uint64_t{MS_PRIVATE});
  EXPECT_EQ(parse_mount_options({"runbindable"}).propagation, uint64_t{MS_UNBINDABLE});
  EXPECT_EQ(parse_mount_options({"ro"}).propagation, 0u);
}

TEST(MountOptions, WhatIsUnknownGoesToTheFilesystem) {
  const MountOptions parsed =
      parse_mount_options({"size=64m", "mode=1777", "newinstance", "lowerdir=/a=b:/c", "sync"});
  const std::vector<std::pair<std::string, std::string>> expected{{"size", "64m"},
                                                                  {"mode", "1777"},
                                                                  {"newinstance", ""},
                                                                  {"lowerdir", "/a=b:/c"},
                                                                  {"sync", ""}};
  EXPECT_EQ(parsed.parameters, expected);
}

TEST(MountOptions, OfContrarySuperblockFlagsTheLaterWins) {
  const MountOptions parsed = parse_mount_options({"sync", "lazytime", "async", "nolazytime"});
  const std::vector<std::pair<std::string, std::string>> expected{{"async", ""},
                                                                  {"nolazytime", ""}};
  EXPECT_EQ(parsed.parameters, expected);
}

TEST(RootfsPropagation, HasADefaultAndEightValues) {
  EXPECT_EQ(parse_rootfs_propagation(""), uint64_t{MS_SLAVE | MS_REC});
  EXPECT_EQ(parse_rootfs_propagation("shared"), uint64_t{MS_SHARED});
  EXPECT_EQ(parse_rootfs_propagation("rshared"), uint64_t{MS_SHARED | MS_REC});
  EXPECT_EQ(parse_rootfs_propagation("private"), uint64_t{MS_PRIVATE});
  EXPECT_EQ(parse_rootfs_propagation("runbindable"), uint64_t{MS_UNBINDABLE | MS_REC});
  EXPECT_THROW(parse_rootfs_propagation("public"), Error);
}

}  // namespace
}  // namespace gocker
