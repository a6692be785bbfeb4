// One layer: what its entries become.
#include "imagetool/layer/apply.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>

#include "runtime/base/error.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

using ApplyTest = LayerTest;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

RawEntry with_pax(RawEntry entry, std::vector<std::pair<std::string, std::string>> records) {
  entry.pax = std::move(records);
  return entry;
}

TEST_F(ApplyTest, KeepsContentModeOwnerAndTime) {
  RawEntry su = file("usr/bin/su", "program", 04755);
  su.uid = 1000;
  su.gid = 2000;
  su.mtime = 1'600'000'000;
  apply({su});
  const struct stat status = this->status("usr/bin/su");
  EXPECT_EQ(content("usr/bin/su"), "program");
  EXPECT_EQ(status.st_mode & 07777, 04755U);  // chown takes set-user-id away: it came before
  EXPECT_EQ(status.st_uid, 1000U);
  EXPECT_EQ(status.st_gid, 2000U);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'600'000'000);
}

TEST_F(ApplyTest, KeepsModesWhateverTheUmask) {
  const mode_t before = ::umask(077);
  apply({file("wide", "x", 0666),
         directory("open", 01777),
         file("open/ro", "x", 0444),
         {.name = "pipe", .type = '6', .mode = 0622}});
  ::umask(before);
  EXPECT_EQ(mode("wide"), 0666U);
  EXPECT_EQ(mode("open"), 01777U);
  EXPECT_EQ(mode("open/ro"), 0444U);
  EXPECT_EQ(mode("pipe"), 0622U);
}

TEST_F(ApplyTest, KeepsFilesInDirectoriesThatForbidWriting) {
  apply({directory("d", 0), file("d/f", "x", 0)});
  EXPECT_EQ(mode("d"), 0U);
  EXPECT_EQ(mode("d/f"), 0U);
}

TEST_F(ApplyTest, DoesNotInheritTheGroupOfASetGroupIdDirectory) {
  RawEntry dir = directory("d", 02775);
  dir.gid = 50;
  apply({dir, file("d/f"), directory("d/sub")});
  EXPECT_EQ(status("d/f").st_gid, 0U);
  EXPECT_EQ(status("d/sub").st_gid, 0U);
  EXPECT_EQ(mode("d/sub"), 0755U);
}

TEST_F(ApplyTest, SetsDirectoryTimesAfterTheirContent) {
  RawEntry dir = directory("d");
  dir.mtime = 7;
  apply({dir, file("d/f"), directory("d/e"), file("d/e/g")});
  EXPECT_EQ(status("d").st_mtim.tv_sec, 7);
  EXPECT_EQ(status("d/e").st_mtim.tv_sec, 1);
}

TEST_F(ApplyTest, KeepsTimesToTheNanosecondAndBeforeTheEpoch) {
  apply({with_pax(file("f"), {{"mtime", "1600000000.123456789"}}),
         with_pax(directory("d"), {{"mtime", "5.000000001"}}),
         with_pax(symlink("l", "f"), {{"mtime", "6.5"}}),
         with_pax(file("old"), {{"mtime", "-3"}})});
  EXPECT_EQ(status("f").st_mtim.tv_nsec, 123456789);
  EXPECT_EQ(status("d").st_mtim.tv_nsec, 1);
  EXPECT_EQ(status("l").st_mtim.tv_nsec, 500000000);
  EXPECT_EQ(status("old").st_mtim.tv_sec, -3);
}

TEST_F(ApplyTest, MakesImpliedParentsForRoot) {
  apply({file("a/b/c")});
  EXPECT_EQ(mode("a/b"), 0755U);
  EXPECT_EQ(status("a").st_uid, 0U);
  EXPECT_EQ(status("a").st_mtim.tv_sec, 0);
  EXPECT_EQ(mode("/"), 0755U);
}

TEST_F(ApplyTest, TakesTheRootsAttributesFromItsEntry) {
  RawEntry root = directory("./", 0711);
  root.mtime = 99;
  apply({root, file("./f")});
  EXPECT_EQ(mode("/"), 0711U);
  EXPECT_EQ(status("/").st_mtim.tv_sec, 99);
}

TEST_F(ApplyTest, TakesBigIdsInEitherNotation) {
  RawEntry base256 = file("base256");
  base256.uid = 4294967294;
  apply({base256, with_pax(file("pax"), {{"uid", "3000000000"}, {"gid", "4294967294"}})});
  EXPECT_EQ(status("base256").st_uid, 4294967294U);
  EXPECT_EQ(status("pax").st_uid, 3000000000U);
  EXPECT_EQ(status("pax").st_gid, 4294967294U);
}

TEST_F(ApplyTest, RefusesIdsThatWouldWrap) {
  RawEntry none = file("f");
  none.uid = 4294967295;  // chown(2) would leave the owner as it is
  EXPECT_TRUE(contains(refusal({none}), "4294967295"));
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"gid", "4294967296"}})}), "4294967296"));
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"uid", "-1"}})}), "-1"));
}

TEST_F(ApplyTest, MakesDevicesAndFifos) {
  apply({device("null", '3', 1, 3),
         device("disk", '4', 8, 1),
         {.name = "pipe", .type = '6'},
         device("high", '3', 511, 1048575)});
  EXPECT_EQ(type("null"), "char");
  EXPECT_EQ(status("null").st_rdev, ::makedev(1, 3));
  EXPECT_EQ(type("disk"), "block");
  EXPECT_EQ(status("disk").st_rdev, ::makedev(8, 1));
  EXPECT_EQ(type("pipe"), "fifo");
  EXPECT_EQ(status("high").st_rdev, ::makedev(511, 1048575));
}

TEST_F(ApplyTest, RefusesTheDeviceThatOverlayTakesForAWhiteout) {
  EXPECT_TRUE(contains(refusal({device("dev/x", '3', 0, 0)}), "0:0"));
}

TEST_F(ApplyTest, KeepsSymlinkTargetsUntouched) {
  apply({symlink("a", "/etc/../x"), symlink("b", "../../.."), symlink("c", "./c")});
  EXPECT_EQ(target("a"), "/etc/../x");
  EXPECT_EQ(target("b"), "../../..");
  EXPECT_EQ(target("c"), "./c");
}

TEST_F(ApplyTest, KeepsExtendedAttributesButOverlaysOwn) {
  const std::string capability(
      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00",
      20);
  RawEntry ping =
      with_pax(file("ping", "x", 0755), {{"SCHILY.xattr.security.capability", capability},
                                         {"SCHILY.xattr.user.note", "hello"},
                                         {"SCHILY.xattr.trusted.overlay.opaque", "y"},
                                         {"SCHILY.xattr.user.overlay.whiteout", "y"}});
  ping.uid = 5;  // chown takes capabilities away: it came before
  apply({ping, with_pax(directory("d"), {{"SCHILY.xattr.trusted.overlay.redirect", "/etc"},
                                         {"SCHILY.xattr.trusted.mine", "1"}})});
  EXPECT_EQ(attribute("ping", "security.capability"), capability);
  EXPECT_EQ(attribute("ping", "user.note"), "hello");
  EXPECT_EQ(attribute("ping", "trusted.overlay.opaque"), "(none)");
  EXPECT_EQ(attribute("ping", "user.overlay.whiteout"), "(none)");
  EXPECT_EQ(attribute("d", "trusted.overlay.redirect"), "(none)");
  EXPECT_EQ(attribute("d", "trusted.mine"), "1");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(ApplyTest, NotesAttributesThatLinuxHasNoPlaceFor) {
  apply({with_pax(file("f"), {{"SCHILY.xattr.com.apple.provenance", "1"}}),
         with_pax(symlink("l", "f"), {{"SCHILY.xattr.user.x", "1"}})});
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_TRUE(contains(notes_[0], "f: the extended attribute com.apple.provenance"));
}

TEST_F(ApplyTest, KeepsBothUnicodeFormsOfANameApart) {
  const std::string composed = "caf\xc3\xa9";
  const std::string decomposed = "cafe\xcc\x81";
  apply({with_pax(file("1", "composed"), {{"path", composed}}),
         with_pax(file("2", "decomposed"), {{"path", decomposed}}), file("raw\xff\xfe", "bytes")});
  EXPECT_EQ(content(composed), "composed");
  EXPECT_EQ(content(decomposed), "decomposed");
  EXPECT_EQ(content("raw\xff\xfe"), "bytes");
  EXPECT_EQ(names("/").size(), 3U);
}

TEST_F(ApplyTest, TakesLongNamesFromPaxAndGnu) {
  const std::string in_pax = std::string(120, 'd') + "/" + std::string(255, 'p');
  const std::string in_gnu = std::string(120, 'd') + "/" + std::string(255, 'g');
  const std::string link(300, 't');
  std::string tar = raw_entry(with_pax(file("short"), {{"path", in_pax}}));
  tar +=
      raw_header({.name = "././@LongLink", .type = 'L'}, in_gnu.size() + 1) + padded(in_gnu + '\0');
  tar += raw_header({.name = "././@LongLink", .type = 'K'}, link.size() + 1) + padded(link + '\0');
  tar += raw_tar({symlink("cut", "cut")});
  apply(tar);
  EXPECT_EQ(content(in_pax), "new");
  EXPECT_EQ(target(in_gnu), link);
}

TEST_F(ApplyTest, KeepsANewlineInAName) {
  apply({file("a\nb")});
  EXPECT_EQ(content("a\nb"), "new");
}

TEST_F(ApplyTest, TellsErrorsOfOddNamesInOneLine) {
  EXPECT_TRUE(contains(refusal({file("a"), file("a/x\ny")}), R"("a/x\ny")"));
}

// --- names that lead elsewhere -------------------------------------------------------------------

TEST_F(ApplyTest, StartsEveryNameAtTheImagesRoot) {
  apply({file("/absolute"), file("../../../../up"), file("a/../../../canary", "theirs"),
         file(directory_path().substr(1) + "/canary", "theirs")});
  EXPECT_EQ(content("absolute"), "new");
  EXPECT_EQ(content("up"), "new");
  EXPECT_EQ(content("canary"), "theirs");
}

TEST_F(ApplyTest, FollowsSymlinksOnTheWayInsideTheImageOnly) {
  apply({symlink("abs", directory_path()), file("abs/canary", "theirs"), symlink("up", "../../.."),
         file("up/f"), symlink("here", "."), file("here/g")});
  EXPECT_EQ(content(directory_path() + "/canary"), "theirs");
  EXPECT_EQ(content("f"), "new");
  EXPECT_EQ(content("g"), "new");
}

TEST_F(ApplyTest, NeverWritesThroughASymlinkOfTheEntrysName) {
  apply({symlink("f", canary_path()), file("f", "mine"), symlink("d", directory_path()),
         directory("d", 0700), file("d/x"), symlink("dev", canary_path()),
         device("dev", '3', 1, 3)});
  EXPECT_EQ(content("f"), "mine");
  EXPECT_EQ(type("d"), "directory");
  EXPECT_EQ(content("d/x"), "new");
  EXPECT_EQ(type("dev"), "char");
}

TEST_F(ApplyTest, RefusesSymlinkLoops) {
  EXPECT_TRUE(contains(refusal({symlink("a", "b"), symlink("b", "a"), file("a/f")}),
                       "Too many levels of symbolic links"));
}

TEST_F(ApplyTest, RefusesAFileAsADirectory) {
  EXPECT_TRUE(contains(refusal({file("a"), file("a/b")}), "/a is no directory"));
}

TEST_F(ApplyTest, RefusesNamesThatAreNone) {
  EXPECT_TRUE(contains(refusal({file("a/..")}), "no name"));
  EXPECT_TRUE(contains(refusal({symlink(".", "x")}), "no name"));
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"path", std::string(256, 'n')}})}),
                       "File name too long"));
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "d/";
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"path", deep + "f"}})}), "nested deeper"));
}

// --- the last entry wins
// ---------------------------------------------------------------------------

TEST_F(ApplyTest, LetsTheLastEntryOfANameWin) {
  apply({file("f", "first"), file("f", "second"), symlink("s", "f"), file("s", "third"),
         directory("d"), file("d/inner"), file("d", "fourth"), file("e", "x"), directory("e"),
         symlink("l", "a"), symlink("l", "b"), directory("m"), symlink("m", "e")});
  EXPECT_EQ(content("f"), "second");
  EXPECT_EQ(content("s"), "third");
  EXPECT_EQ(content("d"), "fourth");
  EXPECT_EQ(type("e"), "directory");
  EXPECT_EQ(target("l"), "b");
  EXPECT_EQ(target("m"), "e");
}

TEST_F(ApplyTest, KeepsADirectorysContentWhenItsEntryComesAgain) {
  apply({directory("d", 0755), file("d/f"), directory("d", 0700)});
  EXPECT_EQ(content("d/f"), "new");
  EXPECT_EQ(mode("d"), 0700U);
}

TEST_F(ApplyTest, ForgetsWhereARemovedSymlinkLed) {
  apply({directory("a"), directory("b"), symlink("way", "a"), file("way/1"), symlink("way", "b"),
         file("way/2")});
  EXPECT_EQ(content("a/1"), "new");
  EXPECT_EQ(content("b/2"), "new");
  EXPECT_EQ(type("a/2"), "");
}

TEST_F(ApplyTest, GivesNoAttributesOfAReplacedDirectoryToALaterOne) {
  apply({directory("d", 0700), directory("d/e", 0700), file("d"), file("d2/e/f"),
         symlink("d", "d2"), file("d/e/g")});
  EXPECT_EQ(mode("d2/e"), 0755U);
  EXPECT_EQ(content("d2/e/g"), "new");
}

// --- hard links
// ------------------------------------------------------------------------------------

TEST_F(ApplyTest, MakesHardLinksToFilesAndSymlinks) {
  apply({file("f", "x"), hardlink("g", "f"), hardlink("h", "/./g"), symlink("s", "f"),
         hardlink("t", "s")});
  EXPECT_EQ(status("f").st_nlink, 3U);
  EXPECT_EQ(status("f").st_ino, status("h").st_ino);
  EXPECT_EQ(type("t"), "symlink");
  EXPECT_EQ(status("s").st_ino, status("t").st_ino);
}

TEST_F(ApplyTest, BreaksALinkWhenANameIsWrittenAgain) {
  apply({file("f", "old"), hardlink("g", "f"), file("f", "changed")});
  EXPECT_EQ(content("f"), "changed");
  EXPECT_EQ(content("g"), "old");
}

TEST_F(ApplyTest, TakesAHardLinkToItself) {
  apply({file("f", "x"), hardlink("f", "f")});
  EXPECT_EQ(content("f"), "x");
}

TEST_F(ApplyTest, RefusesHardLinksToWhatIsNotInTheImage) {
  const std::string outside = canary_path();
  EXPECT_TRUE(contains(refusal({hardlink("x", outside)}), "is not in the image"));
  EXPECT_TRUE(contains(refusal({hardlink("x", "../../canary")}), "is not in the image"));
  EXPECT_TRUE(contains(refusal({symlink("l", directory_path()), hardlink("x", "l/canary")}),
                       "is not in the image"));
  EXPECT_TRUE(contains(refusal({hardlink("x", "later"), file("later")}), "is not in the image"));
  EXPECT_TRUE(contains(refusal({directory("d"), hardlink("x", "d")}), "is a directory"));
  EXPECT_TRUE(contains(refusal({directory("d"), hardlink("x", "d/..")}), "is not in the image"));
}

// --- whiteouts that are none
// -----------------------------------------------------------------------

TEST_F(ApplyTest, RefusesWhiteoutsOfNothingAndDots) {
  for (const char* name : {".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh...", "d/../.wh..."}) {
    EXPECT_TRUE(contains(refusal({directory("d"), file(name, "")}), "a whiteout of nothing"))
        << name;
  }
  EXPECT_TRUE(contains(refusal({file(".wh.d/f")}), "in a whiteout"));
}

TEST_F(ApplyTest, LeavesNoTraceOfWhiteoutsInABaseLayer) {
  apply({file(".wh.f", ""), file("d/.wh.g", ""), file("e/x"), file("e/.wh..wh..opq", "")});
  EXPECT_EQ(names("/"), std::vector<std::string>{"e"});
  EXPECT_EQ(names("e"), std::vector<std::string>{"x"});
}

TEST_F(ApplyTest, LeavesOutWhatAufsKeptForItself) {
  apply({directory(".wh..wh.plnk"), file(".wh..wh.plnk/12.34"), file(".wh..wh.aufs"), file("f")});
  EXPECT_EQ(names("/"), std::vector<std::string>{"f"});
  EXPECT_EQ(notes_.size(), 3U);
}

// --- damaged archives
// ------------------------------------------------------------------------------

TEST_F(ApplyTest, TakesAnEmptyLayer) {
  apply(std::string());
  apply(std::string(1024, '\0'));
  apply(std::string(10240, '\0'));
  EXPECT_TRUE(names("/").empty());
}

TEST_F(ApplyTest, TakesAnArchiveWithoutItsEndMark) {
  apply(raw_entry(file("f")));
  EXPECT_EQ(content("f"), "new");
}

TEST_F(ApplyTest, RefusesTruncatedArchives) {
  const std::string tar = raw_tar({file("f", std::string(3000, 'x'))});
  EXPECT_TRUE(contains(refusal(tar.substr(0, 2000)), "entry f: the tar archive is damaged"));
  const std::string second = raw_entry(file("f")) + raw_entry(file("g")).substr(0, 300);
  EXPECT_NE(refusal(second), "(taken)");
}

TEST_F(ApplyTest, RefusesABadChecksumInTheMiddle) {
  std::string tar = raw_entry(file("f")) + raw_tar({file("g")});
  tar[1024 + 148] ^= 1;
  const std::string text = refusal(tar);
  EXPECT_TRUE(contains(text, "read the entry after f")) << text;
  EXPECT_TRUE(contains(text, "damaged")) << text;
}

TEST_F(ApplyTest, RefusesWhatIsNoTar) {
  EXPECT_TRUE(contains(refusal(std::string(4096, 'x')), "damaged"));
}

TEST_F(ApplyTest, RefusesAbsurdSizes) {
  EXPECT_NE(refusal(raw_header(file("f"), uint64_t{4} << 40)), "(taken)");
  EXPECT_NE(refusal({with_pax(file("f"), {{"size", "-5"}})}), "(taken)");
  EXPECT_NE(refusal({with_pax(file("f"), {{"size", "99999999999999999999"}})}), "(taken)");
}

TEST_F(ApplyTest, RefusesANulInAPaxPath) {
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"path", std::string("a\0b", 3)}})}), "NUL"));
  EXPECT_TRUE(contains(
      refusal({with_pax(symlink("f", "x"), {{"linkpath", std::string("a\0b", 3)}})}), "NUL"));
}

TEST_F(ApplyTest, RefusesMalformedPaxRecords) {
  for (const char* records : {"999 path=x\n", "5 path=x\n", "path=x\n", "9 path=xx", "6 =abc\n",
                              "12abc path=x\n", " path=x\n"}) {
    const std::string tar = raw_header({.name = "pax", .type = 'x'}, std::string(records).size()) +
                            padded(records) + raw_tar({file("caf\xc3\xa9")});
    const std::string text = refusal(tar);
    EXPECT_TRUE(contains(text, "record")) << records << text;
  }
}

// A warning about a name that is no ASCII comes last and must not hide the one before.
TEST_F(ApplyTest, RefusesNumbersInPaxThatAreNone) {
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"uid", "12abc"}, {"path", "\xc3\xa9"}})}),
                       "no number"));
  EXPECT_TRUE(contains(refusal({with_pax(file("f"), {{"mtime", "1.2.3"}})}), "no number"));
}

TEST_F(ApplyTest, TakesGlobalPaxHeadersForNoFile) {
  const std::string records = pax_records({{"comment", "1234"}});
  apply(raw_header({.name = "pax_global_header", .type = 'g'}, records.size()) + padded(records) +
        raw_tar({file("f")}));
  EXPECT_EQ(names("/"), std::vector<std::string>{"f"});
}

TEST_F(ApplyTest, HoldsTheLimitOfEntries) {
  limits_.entries = 2;
  EXPECT_TRUE(contains(refusal({file("a"), file("b"), file("c")}), "more than 2 entries"));
  apply({file("a"), file("b")});
}

TEST_F(ApplyTest, HoldsTheLimitOfBytes) {
  limits_.bytes = 4096;
  EXPECT_TRUE(contains(refusal({file("a", std::string(5000, 'x'))}), "more than 4096 bytes"));
}

}  // namespace
}  // namespace gocker::tests
