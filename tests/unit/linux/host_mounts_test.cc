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
      "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "23 27 0:22 / /sys rw shared:3 master:4 - sysfs sysfs rw\n"
      "24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw\n"
      "25 27 0:21 / /mnt/with\\040blank rw - proc proc rw\n"
      "26 27 0:21 / /c/root/proc rw - proc proc rw\n"
      "27 27 0:21 / /c/root rw - proc proc rw\n"
      "28 27 0:21 / /c/rootless/proc rw - proc proc rw\n"
      "29 27 0:30 / /proc-like rw - tmpfs proc rw\n";
  const std::vector<std::string> expected{"/proc", "/sys", "/mnt/with blank", "/c/rootless/proc"};
  EXPECT_EQ(procfs_and_sysfs_mounts(kTable, "/c/root"), expected);
}

TEST(HostMounts, OddTablesAreNoTrouble) {
  EXPECT_TRUE(procfs_and_sysfs_mounts("", "/").empty());
  EXPECT_TRUE(procfs_and_sysfs_mounts("x - proc\n - \n1 2 3 - sysfs\n", "/").empty());
}

TEST(HostMounts, ProcfsAndSysfsOfTheHostAreHidden) {
  const TempDir directory;
  in_mount_namespace([&] {
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
    hide_host_mounts(RootDir::open_host_path(directory.path()));
    EXPECT_NE(::access("/proc/self", F_OK), 0);
    EXPECT_NE(::access("/sys/kernel", F_OK), 0);
    EXPECT_EQ(write_error("/proc/f"), EROFS);
  });
}

}  // namespace
}  // namespace gocker
