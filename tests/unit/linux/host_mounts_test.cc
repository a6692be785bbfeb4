#include "runtime/linux/host_mounts.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/linux/id_map.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

TEST(HostMounts, ProcfsAndSysfsOutsideOfTheRootAreFound) {
  constexpr std::string_view kTable =
      "27 1 254:1 / / rw,relatime - ext4 /dev/vda rw\n"
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "23 27 0:22 / /sys rw shared:3 master:4 - sysfs sysfs rw\n"
      "24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw\n"
      "25 27 0:21 / /mnt/with\\040blank rw - proc proc rw\n"
      "30 27 0:30 / /c/root rw - tmpfs tmpfs rw\n"
      "31 30 0:30 / /c/root rw - tmpfs on-top-of-it rw\n"
      "32 31 0:21 / /c/root/proc rw - proc proc rw\n"
      "33 31 0:31 / /c/root/mnt rw - tmpfs tmpfs rw\n"
      "34 33 0:22 / /c/root/mnt/sys rw - sysfs sysfs rw\n"
      "29 27 0:33 / /proc-like rw - tmpfs proc rw\n";
  const std::vector<MountInfo> table = parse_mountinfo(kTable);
  ASSERT_EQ(table.size(), 11u);
  const std::vector<std::string> expected{"/proc", "/sys", "/mnt/with blank"};
  EXPECT_EQ(procfs_and_sysfs_outside(table, 31), expected);
  EXPECT_EQ(procfs_and_sysfs_outside(table, 33).size(), 4u);
}

TEST(HostMounts, OddTablesAreNoTrouble) {
  EXPECT_TRUE(parse_mountinfo("").empty());
  EXPECT_TRUE(parse_mountinfo("x - proc\n - \n1 2 3 - sysfs\n").empty());
  const std::vector<MountInfo> circle{{1, 2, "/proc", "proc"}, {2, 1, "/sys", "sysfs"}};
  EXPECT_EQ(procfs_and_sysfs_outside(circle, 3).size(), 2u);
}

TEST(HostMounts, ProcfsAndSysfsOfTheHostAreHidden) {
  const TempDir directory;
  in_mount_namespace([&] {
    ASSERT_EQ(::mount("root", directory.path().c_str(), "tmpfs", 0, nullptr), 0);
    make_directories(directory.path() + "/proc", 0755);
    ASSERT_EQ(::mount("proc", (directory.path() + "/proc").c_str(), "proc", 0, nullptr), 0);
    ASSERT_EQ(mount_at("/sys").type, "sysfs");
    hide_host_mounts(RootDir::open_host_path(directory.path()));
    size_t procfs = 0;
    for (const MountEntry& entry : mount_table(directory.path() + "/proc/self/mountinfo")) {
      EXPECT_NE(entry.type, "sysfs") << entry.mount_point;
      if (entry.type == "proc") ++procfs;
    }
    EXPECT_EQ(procfs, 1u);
  });
}

TEST(HostMounts, WhatAUserNamespaceCannotUnmountIsCovered) {
  const TempDir directory;
  in_child([&] {
    ::chmod(directory.path().c_str(), 0777);
    const std::vector<oci::IdMapping> mappings{{0, 0, 65536}};
    ASSERT_EQ(::setns(make_user_namespace(mappings, mappings).get(), CLONE_NEWUSER), 0);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("root", directory.path().c_str(), "tmpfs", 0, nullptr), 0);
    hide_host_mounts(RootDir::open_host_path(directory.path()));
    EXPECT_NE(::access("/proc/self", F_OK), 0);
    EXPECT_NE(::access("/sys/kernel", F_OK), 0);
    EXPECT_EQ(write_error("/proc/f"), EROFS);
  });
}

}  // namespace
}  // namespace gocker
