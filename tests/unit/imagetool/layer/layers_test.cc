// Layers on top of layers: what an entry means depends on what lies below.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "runtime/base/rooted_path.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

using LayersTest = LayerTest;
using Names = std::vector<std::string>;

RawEntry whiteout(const std::string& name) {
  return file(name, "");
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// --- parents that lie below
// --------------------------------------------------------------------------

TEST_F(LayersTest, FollowsASymlinkOfALowerLayerThatAnEntryImplies) {
  apply({directory("usr/lib"), symlink("lib", "usr/lib")});
  apply({file("lib/libc.so", "c")});
  EXPECT_EQ(type("lib"), "symlink");
  EXPECT_EQ(content("usr/lib/libc.so"), "c");
  EXPECT_EQ(list_directory(open_file(layer_path(1), O_RDONLY), ""), Names{"usr"});
}

TEST_F(LayersTest, FollowsAbsoluteAndNestedSymlinksInsideTheImage) {
  apply({directory("real/deep"), symlink("one", "/two"), symlink("two", "real/../real"),
         symlink("out", directory_path())});
  apply({file("one/deep/f"), file("out/canary", "theirs")});
  EXPECT_EQ(content("real/deep/f"), "new");
  EXPECT_EQ(content(directory_path() + "/canary"), "theirs");
}

TEST_F(LayersTest, ReplacesASymlinkOfALowerLayerByAnExplicitDirectory) {
  apply({directory("usr/lib"), file("usr/lib/old"), symlink("lib", "usr/lib")});
  apply({file("lib/before"), directory("lib"), file("lib/after")});
  EXPECT_EQ(type("lib"), "directory");
  EXPECT_EQ(names("lib"), Names{"after"});
  EXPECT_EQ(names("usr/lib"), (Names{"before", "old"}));
}

TEST_F(LayersTest, GivesAnImpliedParentTheAttributesOfTheLowerDirectory) {
  RawEntry dir = directory("home/user", 02750);
  dir.uid = 1000;
  dir.gid = 100;
  dir.mtime = 77;
  dir.pax = {{"SCHILY.xattr.user.note", "kept"}, {"mtime", "77.000000009"}};
  apply({dir});
  apply({file("home/user/.profile")});
  const struct stat status = this->status("home/user");
  EXPECT_EQ(status.st_mode & 07777, 02750U);
  EXPECT_EQ(status.st_uid, 1000U);
  EXPECT_EQ(status.st_gid, 100U);
  EXPECT_EQ(status.st_mtim.tv_sec, 77);
  EXPECT_EQ(status.st_mtim.tv_nsec, 9);
  EXPECT_EQ(attribute("home/user", "user.note"), "kept");
}

TEST_F(LayersTest, KeepsEmptyAttributes) {
  RawEntry entry = file("f");
  entry.pax = {{"SCHILY.xattr.user.empty", ""}};
  apply({entry});
  apply({hardlink("g", "f")});
  EXPECT_EQ(attribute("f", "user.empty"), "");
  EXPECT_EQ(attribute("g", "user.empty"), "");
}

TEST_F(LayersTest, KeepsTheRootsAttributesOfTheLowerLayer) {
  RawEntry root = directory("./", 0711);
  root.mtime = 42;
  apply({root});
  apply({file("f")});
  apply({file("g")});
  EXPECT_EQ(mode("/"), 0711U);
  EXPECT_EQ(status("/").st_mtim.tv_sec, 42);
}

TEST_F(LayersTest, ReplacesTheAttributesOfALowerDirectoryByAnEntry) {
  RawEntry dir = directory("d", 0700);
  dir.pax = {{"SCHILY.xattr.user.note", "gone"}};
  apply({dir, file("d/f")});
  apply({directory("d", 0755)});
  EXPECT_EQ(mode("d"), 0755U);
  EXPECT_EQ(content("d/f"), "new");
  EXPECT_EQ(attribute("d", "user.note"), "(none)");
}

TEST_F(LayersTest, ReplacesTypesAcrossLayers) {
  apply({directory("d"), file("d/inner"), file("f"), symlink("s", "d"), directory("e"),
         file("e/inner")});
  apply(
      {file("d", "a file"), directory("f"), file("f/in"), file("s", "a file"), symlink("e", "f")});
  EXPECT_EQ(content("d"), "a file");
  EXPECT_EQ(content("f/in"), "new");
  EXPECT_EQ(content("s"), "a file");
  EXPECT_EQ(target("e"), "f");
  apply({directory("d"), directory("e")});
  EXPECT_EQ(names("d"), Names{});
  EXPECT_EQ(names("e"), Names{});
}

TEST_F(LayersTest, ShowsNoLowerContentInADirectoryThatFollowsAFileOfTheSameLayer) {
  apply({directory("d"), file("d/inner")});
  apply({file("d"), directory("d"), file("d/own")});
  EXPECT_EQ(names("d"), Names{"own"});
}

TEST_F(LayersTest, RefusesALowerFileAsADirectory) {
  apply({file("a")});
  EXPECT_TRUE(contains(refusal({file("a/b")}), "/a is no directory"));
}

// --- whiteouts
// ---------------------------------------------------------------------------------------

TEST_F(LayersTest, HidesWhatAWhiteoutNames) {
  apply({file("file1"), file("a/file2"), directory("b"), file("b/x"), file("c/file3")});
  apply({whiteout(".wh.file1"), whiteout("a/.wh.file2"), whiteout(".wh.b"), file("file4")});
  EXPECT_EQ(names("/"), (Names{"a", "c", "file4"}));
  EXPECT_EQ(names("a"), Names{});
}

TEST_F(LayersTest, KeepsTheLayersOwnFileOfAWhiteoutsName) {
  apply({file("f", "old"), file("g", "old"), directory("d"), file("d/old")});
  apply({file("f", "own"), whiteout(".wh.f"), whiteout(".wh.g"), file("g", "own"), file("d/own"),
         whiteout(".wh.d"), file("d/later")});
  EXPECT_EQ(content("f"), "own");
  EXPECT_EQ(content("g"), "own");
  EXPECT_EQ(names("d"), (Names{"later", "own"}));
}

TEST_F(LayersTest, HidesAllLowerContentWhereverTheOpaqueMarkStands) {
  for (const bool late : {false, true}) {
    apply({directory("a"), file("a/b/c/bar"), file("a/x"), file("top")});
    std::vector<RawEntry> layer = {directory("a"), file("a/b/c/foo")};
    layer.insert(late ? layer.end() : layer.begin(), whiteout("a/.wh..wh..opq"));
    apply(layer);
    EXPECT_EQ(names("a"), Names{"b"});
    EXPECT_EQ(names("a/b/c"), Names{"foo"});
    EXPECT_EQ(content("top"), "new");
  }
}

TEST_F(LayersTest, HidesTheWholeImageBelowAnOpaqueRoot) {
  apply({file("f"), directory("d")});
  apply({whiteout(".wh..wh..opq"), file("g")});
  EXPECT_EQ(names("/"), Names{"g"});
}

TEST_F(LayersTest, GivesAHiddenDirectorysSuccessorNothingOfIt) {
  apply({directory("d", 0700), directory("d/sub", 0711), symlink("l", "d"), directory("e", 0700),
         directory("e/sub", 0711)});
  apply({whiteout(".wh.d"), file("d/sub/f"), whiteout(".wh.l"), file("l/f"), file("e/sub/f"),
         whiteout("e/.wh..wh..opq")});
  EXPECT_EQ(mode("d"), 0755U);
  EXPECT_EQ(mode("d/sub"), 0755U);
  EXPECT_EQ(type("l"), "directory");
  EXPECT_EQ(mode("e"), 0700U);
  EXPECT_EQ(mode("e/sub"), 0755U);
}

TEST_F(LayersTest, ShowsALaterLayersFileAtAHiddenPath) {
  apply({file("f", "1"), file("d/x")});
  apply({whiteout(".wh.f"), whiteout(".wh.d")});
  apply({file("f", "3"), file("d/y")});
  EXPECT_EQ(content("f"), "3");
  EXPECT_EQ(names("d"), Names{"y"});
}

// overlay lists a whiteout that hides nothing as a name that cannot be opened.
TEST_F(LayersTest, PutsNoWhiteoutWhereNothingIsHidden) {
  apply({file("d/f")});
  apply({whiteout("d/.wh.absent"), whiteout("nowhere/.wh.x"), whiteout("e/.wh.y"), file("e/z"),
         whiteout("d/.wh.f"), whiteout("d/.wh..wh..opq")});
  EXPECT_EQ(names("/"), (Names{"d", "e"}));
  EXPECT_EQ(names("d"), Names{});
  EXPECT_EQ(names("e"), Names{"z"});
  EXPECT_EQ(list_directory(open_file(layer_path(1) + "/e", O_RDONLY), ""), Names{"z"});
  EXPECT_EQ(list_directory(open_file(layer_path(1) + "/d", O_RDONLY), ""), Names{});
}

TEST_F(LayersTest, HidesInsideTheImageThroughASymlinkedParent) {
  apply({file("d/victim"), file("d/other"), symlink("l", "d"), symlink("out", directory_path())});
  apply({whiteout("l/.wh.victim"), whiteout("out/.wh.canary"), whiteout("out/.wh..wh..opq")});
  EXPECT_EQ(names("d"), Names{"other"});
  EXPECT_EQ(type("l"), "symlink");
}

TEST_F(LayersTest, TakesAWhiteoutOfAnyType) {
  apply({file("f"), file("g"), file("h")});
  apply({directory(".wh.f"), symlink(".wh.g", "x"), hardlink(".wh.h", "nowhere")});
  EXPECT_EQ(names("/"), Names{});
}

// --- hard links
// --------------------------------------------------------------------------------------

TEST_F(LayersTest, CopiesALowerFileUpForAHardLink) {
  RawEntry tool = file("bin/tool", "program", 06755);
  tool.uid = 10;
  tool.gid = 20;
  tool.pax = {{"mtime", "9.000000009"}, {"SCHILY.xattr.user.note", "kept"}};
  apply({directory("bin", 0711), tool, symlink("link", "bin/tool"), device("dev", '3', 1, 3)});
  apply({hardlink("copy", "bin/tool"), hardlink("link2", "link"), hardlink("dev2", "dev")});
  for (const char* name : {"bin/tool", "copy"}) {
    const struct stat status = this->status(name);
    EXPECT_EQ(content(name), "program");
    EXPECT_EQ(status.st_mode & 07777, 06755U);
    EXPECT_EQ(status.st_uid, 10U);
    EXPECT_EQ(status.st_nlink, 2U);
    EXPECT_EQ(status.st_mtim.tv_nsec, 9);
    EXPECT_EQ(attribute(name, "user.note"), "kept");
  }
  EXPECT_EQ(status("bin/tool").st_ino, status("copy").st_ino);
  EXPECT_EQ(mode("bin"), 0711U);
  EXPECT_EQ(target("link2"), "bin/tool");
  EXPECT_EQ(status("link2").st_ino, status("link").st_ino);
  EXPECT_EQ(status("dev2").st_rdev, ::makedev(1, 3));
}

TEST_F(LayersTest, KeepsAllNamesOfALowerFileTogether) {
  apply({file("a", "x"), hardlink("sub/b", "a"), hardlink("c", "a"), file("other")});
  apply({whiteout(".wh.c"), hardlink("d", "sub/b")});
  EXPECT_EQ(names("/"), (Names{"a", "d", "other", "sub"}));
  for (const char* name : {"a", "sub/b", "d"}) EXPECT_EQ(status(name).st_nlink, 3U) << name;
  apply({hardlink("e", "a"), file("a", "own")});
  EXPECT_EQ(content("a"), "own");
  for (const char* name : {"e", "sub/b", "d"}) EXPECT_EQ(status(name).st_nlink, 3U) << name;
}

TEST_F(LayersTest, RenamesByAHardLinkAndAWhiteout) {
  for (const bool late : {false, true}) {
    apply({file("d/old", "x"), file("keep")});
    std::vector<RawEntry> layer = {hardlink("new", "d/old"), whiteout(".wh.d")};
    if (!late) {
      EXPECT_TRUE(contains(refusal({layer[1], layer[0]}), "not in the image"));
    }
    apply(layer);
    EXPECT_EQ(content("new"), "x");
    EXPECT_EQ(status("new").st_nlink, 1U);
    EXPECT_EQ(type("d"), "");
  }
}

TEST_F(LayersTest, RemovesCopiesBelowALateOpaqueMark) {
  apply({file("d/old", "x"), file("d/sub/old2", "y")});
  apply({hardlink("new", "d/old"), hardlink("new2", "d/sub/old2"), file("d/own"),
         whiteout("d/.wh..wh..opq")});
  EXPECT_EQ(names("d"), Names{"own"});
  EXPECT_EQ(content("new2"), "y");
}

TEST_F(LayersTest, RefusesAHardLinkToAHiddenOrForeignFile) {
  apply({file("f"), symlink("out", directory_path()), directory("d")});
  EXPECT_TRUE(contains(refusal({whiteout(".wh.f"), hardlink("x", "f")}), "not in the image"));
  EXPECT_TRUE(contains(refusal({hardlink("x", "out/canary")}), "not in the image"));
  EXPECT_TRUE(contains(refusal({hardlink("x", "d")}), "is a directory"));
}

TEST_F(LayersTest, JoinsManyLayers) {
  constexpr int kLayers = 130;
  apply({file("f", "0"), directory("d", 0700)});
  for (int i = 1; i < kLayers; ++i) {
    apply({file("f", std::to_string(i)), file("d/" + std::to_string(i), ""),
           whiteout("d/.wh." + std::to_string(i - 1))});
  }
  EXPECT_EQ(content("f"), "129");
  EXPECT_EQ(names("d"), Names{"129"});
  EXPECT_EQ(mode("d"), 0700U);
}

}  // namespace
}  // namespace gocker::tests
