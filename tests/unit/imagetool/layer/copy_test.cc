#include "imagetool/layer/copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "imagetool/layer/attributes.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "tests/layers/tree_compare.h"

namespace gocker::tests {
namespace {

class CopyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, for owners and devices";
  }

  void shell(const std::string& script) {
    const CommandResult result =
        run_command({.path = "/bin/bash",
                     .args = {"bash", "-euc", "cd '" + directory_.path() + "'; " + script},
                     .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    ASSERT_EQ(result.wait_status, 0) << script << ": " << result.errors;
  }
  std::string path(const char* name) const { return directory_.path() + "/" + name; }

  TempDir directory_{"gocker-copy-test"};
};

TEST_F(CopyTest, CopiesATreeWithEverything) {
  shell(
      "mkdir -p a/dir/sub b; cd a; echo text >file; ln file dir/second; ln -s file link;"
      " ln link dir/link2; mknod null c 1 3; mkfifo pipe; head -c 3000000 /dev/urandom >big;"
      " chown 1000:100 big; chmod 4711 big; setcap cap_net_raw+ep big;"
      " setfattr -n user.x -v y dir; chmod 1770 dir; chown 7:8 dir; chown -h 5:6 link;"
      " : >empty; chmod 000 empty; find . -depth -exec touch -h -d @99.000000007 {} +");
  copy_tree(open_file(path("a"), O_RDONLY), open_file(path("b"), O_RDONLY));
  EXPECT_EQ(compare_trees(open_directory(path("a")), open_directory(path("b"))),
            std::vector<std::string>{});
}

TEST_F(CopyTest, KeepsHoles) {
  shell(
      "mkdir a b; printf start >a/f; truncate -s 20M a/f; printf middle >>a/f;"
      " truncate -s 40M a/f; truncate -s 40M a/hole");
  copy_tree(open_file(path("a"), O_RDONLY), open_file(path("b"), O_RDONLY));
  for (const char* name : {"b/f", "b/hole"}) {
    struct stat status {};
    ASSERT_EQ(::stat(path(name).c_str(), &status), 0);
    EXPECT_LT(status.st_blocks, 2048) << name;
  }
  EXPECT_EQ(compare_trees(open_directory(path("a")), open_directory(path("b"))),
            std::vector<std::string>{});
}

TEST_F(CopyTest, LeavesOverlaysAttributesBehind) {
  shell(
      "mkdir a b; mkdir a/d; setfattr -n trusted.overlay.opaque -v y a/d;"
      " setfattr -n user.overlay.opaque -v y a/d; setfattr -n user.mine -v 1 a/d");
  copy_tree(open_file(path("a"), O_RDONLY), open_file(path("b"), O_RDONLY));
  const Fd copy = open_directory(path("b/d"));
  const Attributes attributes = read_attributes(copy, stat_fd(copy, "d"));
  ASSERT_EQ(attributes.extended.size(), 1U);
  EXPECT_EQ(attributes.extended[0].name, "user.mine");
}

TEST_F(CopyTest, FollowsNoSymlink) {
  shell("mkdir a b outside; echo keep >outside/f; ln -s ../outside a/way; ln -s /etc/passwd a/abs");
  copy_tree(open_file(path("a"), O_RDONLY), open_file(path("b"), O_RDONLY));
  struct stat status {};
  for (const char* name : {"b/way", "b/abs"}) {
    ASSERT_EQ(::lstat(path(name).c_str(), &status), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
  }
}

}  // namespace
}  // namespace gocker::tests
