#include "imagetool/layer/changes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker::tests {
namespace {

using Lines = std::vector<std::string>;

class ChangesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, for whiteouts";
    shell("mkdir before after");
  }

  void shell(const std::string& script) {
    const CommandResult result =
        run_command({.path = "/bin/bash",
                     .args = {"bash", "-euc", "cd '" + directory_.path() + "'; " + script},
                     .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    ASSERT_EQ(result.wait_status, 0) << script << ": " << result.errors;
  }
  Fd tree(const char* name) const { return open_file(directory_.path() + "/" + name, O_RDONLY); }

  static Lines lines(const std::vector<Change>& changes) {
    Lines lines;
    for (const Change& change : changes) {
      lines.push_back(std::string(1, static_cast<char>(change.kind)) + " " + change.path);
    }
    return lines;
  }
  Lines of_upper(const std::set<std::string>& made = {}) const {
    return lines(upper_changes(tree("after"), OverlayAttributes::trusted, tree("before"), made));
  }
  Lines of_trees(Comparison comparison) const {
    return lines(tree_changes(tree("before"), tree("after"), comparison));
  }

  TempDir directory_{"gocker-changes-test"};
};

TEST_F(ChangesTest, ReadsWhiteoutsAndOpaqueDirectories) {
  shell(
      "mkdir -p before/d before/o/sub; touch before/d/f before/o/old before/o/kept before/gone;"
      "mkdir after/d after/o; mknod after/gone c 0 0; mknod after/d/f c 0 0;"
      "mknod after/never-there c 0 0; touch after/o/kept after/o/new;"
      "setfattr -n trusted.overlay.opaque -v y after/o");
  EXPECT_EQ(of_upper(), (Lines{"C /d", "D /d/f", "D /gone", "C /o", "C /o/kept", "A /o/new",
                               "D /o/old", "D /o/sub"}));
}

TEST_F(ChangesTest, TellsDirectoriesOnlyForAReason) {
  shell(
      "mkdir -p before/same before/mode before/owner; mkdir -p after/same after/mode after/owner"
      " after/new; chmod 700 after/mode; chown 5 after/owner; touch -d @9 after/same");
  EXPECT_EQ(of_upper(), (Lines{"C /mode", "A /new", "C /owner"}));
  EXPECT_EQ(of_trees(Comparison::attributes), of_upper());
}

TEST_F(ChangesTest, TakesEmptyMountPointsForNothing) {
  shell(
      "mkdir -p after/run/a after/etc after/used; touch after/etc/hosts after/used/f; echo x "
      ">after/full");
  EXPECT_EQ(of_upper({"/run", "/run/a", "/etc", "/etc/hosts", "/used", "/full"}),
            (Lines{"A /full", "A /used", "A /used/f"}));
}

TEST_F(ChangesTest, ComparesTreesByAttributes) {
  shell(
      "cd before; echo one >changed; echo one >same; echo one >touched; ln -s a link; mkdir dir;"
      "echo x >dir/gone; mkdir kind; cd ..; cp -a before/. after; cd after; echo two >changed;"
      "touch -d @7 touched; ln -sf b link; rm -r dir kind; echo f >kind");
  EXPECT_EQ(of_trees(Comparison::attributes),
            (Lines{"C /changed", "D /dir", "C /kind", "C /link", "C /touched"}));
}

TEST_F(ChangesTest, ComparesTreesByContent) {
  shell(
      "cd before; echo one >changed; echo one >touched; echo one >attribute; mknod device c 1 3;"
      "cd ..; cp -a before/. after; cd after; touch -r changed stamp; echo two >changed;"
      "touch -r stamp changed; rm stamp; touch -d @7 touched;"
      "setfattr -n user.a -v b attribute; rm device; mknod device c 1 5");
  EXPECT_EQ(of_trees(Comparison::content), (Lines{"C /attribute", "C /changed", "C /device"}));
}

}  // namespace
}  // namespace gocker::tests
