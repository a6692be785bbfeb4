#include "runtime/linux/lsm.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/linux/sysctl.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

TEST(AppArmor, IsAnErrorWhereItIsNotEnabled) {
  if (apparmor_enabled()) GTEST_SKIP() << "AppArmor is enabled here";
  in_child([] {
    EXPECT_EQ(error_of([] { set_apparmor_profile(open_private_procfs(), "docker-default"); }),
              "set AppArmor profile docker-default: AppArmor is not enabled on this host");
  });
}

TEST(AppArmor, AProfileThatIsNotLoadedIsAnError) {
  if (!apparmor_enabled()) GTEST_SKIP() << "AppArmor is not enabled here";
  in_child([] {
    EXPECT_EQ(error_of([] { set_apparmor_profile(open_private_procfs(), "gocker-no-such"); }),
              "set AppArmor profile gocker-no-such: no such profile is loaded");
  });
}

TEST(AppArmor, UnconfinedIsTaken) {
  if (!apparmor_enabled()) GTEST_SKIP() << "AppArmor is not enabled here";
  in_child([] { set_apparmor_profile(open_private_procfs(), "unconfined"); });
}

TEST(Selinux, IsAnErrorWhereItIsNotEnabled) {
  if (selinux_enabled()) GTEST_SKIP() << "SELinux is enabled here";
  in_child([] {
    EXPECT_EQ(error_of([] { set_selinux_label(open_private_procfs(), "a:b:c:s0"); }),
              "set SELinux label a:b:c:s0: SELinux is not enabled on this host");
  });
}

TEST(Selinux, ADirectoryIsNotEnough) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  in_mount_namespace([] {
    ASSERT_EQ(::mount("fake", "/sys", "tmpfs", 0, nullptr), 0);
    make_directories("/sys/fs/selinux", 0755);
    EXPECT_FALSE(selinux_enabled());
    EXPECT_FALSE(apparmor_enabled());
    make_directories("/sys/module/apparmor/parameters", 0755);
    make_file("/sys/module/apparmor/parameters/enabled", "N\n");
    EXPECT_FALSE(apparmor_enabled());
    make_file("/sys/module/apparmor/parameters/enabled", "Y\n");
    EXPECT_TRUE(apparmor_enabled());
  });
}

// A file that takes everything, as an attacker would put it over the kernel's own
// (CVE-2019-16884).
TEST(LabelOfExec, AFileThatIsNotTheKernelsIsRefused) {
  const TempDir dir;
  make_directories(dir.path() + "/thread-self/attr/apparmor", 0755);
  make_file(dir.path() + "/thread-self/attr/apparmor/exec");
  make_file(dir.path() + "/thread-self/attr/exec");
  const Fd fake = open_directory(dir.path());
  EXPECT_NE(error_of([&] { set_apparmor_profile(fake, "docker-default"); }), "");
  EXPECT_EQ(content_of(dir.path() + "/thread-self/attr/apparmor/exec"), "");
  EXPECT_NE(error_of([&] { set_selinux_label(fake, "a:b:c:s0"); }), "");
  EXPECT_EQ(content_of(dir.path() + "/thread-self/attr/exec"), "");
}

}  // namespace
}  // namespace gocker
