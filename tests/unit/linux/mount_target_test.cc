#include "runtime/linux/mount_target.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

TEST(NormalDestination, IsAbsoluteAndPlain) {
  EXPECT_EQ(normal_destination("/proc"), "/proc");
  EXPECT_EQ(normal_destination("/proc/"), "/proc");
  EXPECT_EQ(normal_destination("//proc//"), "/proc");
  EXPECT_EQ(normal_destination("/./proc/."), "/proc");
  EXPECT_EQ(normal_destination("/a/../proc"), "/proc");
  EXPECT_EQ(normal_destination("proc"), "/proc");
  EXPECT_EQ(normal_destination("/../../etc"), "/etc");
  EXPECT_EQ(normal_destination("/a/b/.."), "/a");
  EXPECT_EQ(normal_destination("/"), "/");
  EXPECT_EQ(normal_destination(""), "/");
  EXPECT_EQ(normal_destination(".."), "/");
  EXPECT_EQ(normal_destination("/..a/b.."), "/..a/b..");
}

class MountTargetTest : public ::testing::Test {
 protected:
  std::string at(const std::string& path) const { return directory_.path() + path; }
  RootDir root() const { return RootDir::open_host_path(directory_.path()); }
  void make_dir(const std::string& path) const { ASSERT_EQ(::mkdir(at(path).c_str(), 0755), 0); }
  void link(const std::string& target, const std::string& path) const {
    ASSERT_EQ(::symlink(target.c_str(), at(path).c_str()), 0);
  }
  bool is_same_file(const Fd& fd, const std::string& path) const {
    struct stat expected {};
    if (::stat(at(path).c_str(), &expected) != 0) return false;
    const struct stat found = stat_fd(fd, path);
    return found.st_ino == expected.st_ino && found.st_dev == expected.st_dev;
  }

 private:
  TempDir directory_;
};

TEST_F(MountTargetTest, WhatIsThereIsFound) {
  make_dir("/data");
  const MountTarget target = find_mount_target(root(), "/data");
  EXPECT_TRUE(is_same_file(target.fd, "/data"));
  EXPECT_FALSE(target.for_procfs_only);
}

TEST_F(MountTargetTest, WhatIsMissingIsNoError) {
  EXPECT_FALSE(find_mount_target(root(), "/a/b").fd);
  EXPECT_FALSE(find_mount_target(root(), "/proc").fd);
}

TEST_F(MountTargetTest, SymlinksEndInsideOfTheRoot) {
  make_dir("/tmp");
  make_dir("/sub");
  link("/tmp", "/absolute");
  link("../../../../../../tmp", "/sub/relative");
  EXPECT_TRUE(is_same_file(find_mount_target(root(), "/absolute").fd, "/tmp"));
  EXPECT_TRUE(is_same_file(find_mount_target(root(), "/sub/relative").fd, "/tmp"));
}

TEST_F(MountTargetTest, DirectoriesAreMadeWithTheirParents) {
  const MountTarget target = make_mount_target(root(), "/a/b/c", TargetKind::directory);
  EXPECT_TRUE(is_same_file(target.fd, "/a/b/c"));
  EXPECT_EQ(stat_fd(target.fd, "c").st_mode, S_IFDIR | 0755u);
}

TEST_F(MountTargetTest, FilesAreMadeWithTheirParents) {
  const MountTarget target = make_mount_target(root(), "/a/b/c", TargetKind::file);
  EXPECT_TRUE(is_same_file(target.fd, "/a/b/c"));
  EXPECT_EQ(stat_fd(target.fd, "c").st_mode, S_IFREG | 0644u);
}

TEST_F(MountTargetTest, BehindASymlinkMissingPartsAreMadeInside) {
  link("/run", "/var");
  const MountTarget target = make_mount_target(root(), "/var/a/b", TargetKind::directory);
  EXPECT_TRUE(is_same_file(target.fd, "/run/a/b"));
}

TEST_F(MountTargetTest, TheTargetOfADanglingSymlinkIsMadeInside) {
  make_dir("/etc");
  link("../run/resolve/resolv.conf", "/etc/resolv.conf");
  const MountTarget target = make_mount_target(root(), "/etc/resolv.conf", TargetKind::file);
  EXPECT_TRUE(is_same_file(target.fd, "/run/resolve/resolv.conf"));
}

TEST_F(MountTargetTest, LinksInACircleAreAnError) {
  link("b", "/a");
  link("a", "/b");
  EXPECT_THROW(find_mount_target(root(), "/a"), Error);
}

TEST_F(MountTargetTest, ProcAndSysMustNotBeSymlinks) {
  make_dir("/elsewhere");
  link("elsewhere", "/proc");
  link("elsewhere", "/sys");
  EXPECT_EQ(error_of([&] { find_mount_target(root(), "/proc"); }),
            "/proc of the root filesystem is a symlink: it must be a directory");
  EXPECT_EQ(error_of([&] { make_mount_target(root(), "/sys", TargetKind::directory); }),
            "/sys of the root filesystem is a symlink: it must be a directory");
}

TEST_F(MountTargetTest, DanglingProcIsAnErrorToo) {
  link("nowhere", "/proc");
  EXPECT_THROW(make_mount_target(root(), "/proc", TargetKind::directory), Error);
  EXPECT_NE(::access(at("/nowhere").c_str(), F_OK), 0);
}

TEST_F(MountTargetTest, ProcIsForProcfsOnly) {
  make_dir("/proc");
  make_dir("/proc/self");
  EXPECT_TRUE(find_mount_target(root(), "/proc").for_procfs_only);
  EXPECT_TRUE(find_mount_target(root(), "/proc/self").for_procfs_only);
  EXPECT_TRUE(find_mount_target(root(), "/proc/missing").for_procfs_only);
  EXPECT_FALSE(find_mount_target(root(), "/proc/cpuinfo").for_procfs_only);
  EXPECT_FALSE(find_mount_target(root(), "/proc/sys/kernel/ns_last_pid").for_procfs_only);
  EXPECT_FALSE(find_mount_target(root(), "/process").for_procfs_only);
}

TEST_F(MountTargetTest, ASymlinkIntoProcfsIsSeenThrough) {
  in_mount_namespace([&] {
    make_dir("/proc");
    link("/proc/self/attr", "/innocent");
    link("/proc", "/also");
    ASSERT_EQ(::mount("proc", at("/proc").c_str(), "proc", 0, nullptr), 0);
    EXPECT_TRUE(find_mount_target(root(), "/innocent").for_procfs_only);
    EXPECT_TRUE(find_mount_target(root(), "/also/sys").for_procfs_only);
    // /proc/net is a symlink of the kernel's own.
    EXPECT_FALSE(find_mount_target(root(), "/proc/net/dev").for_procfs_only);
    EXPECT_TRUE(find_mount_target(root(), "/proc/net/dev").fd);
  });
}

}  // namespace
}  // namespace gocker
