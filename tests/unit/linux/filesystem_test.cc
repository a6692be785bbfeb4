#include "runtime/linux/filesystem.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/id_map.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

TEST(Filesystem, IsMountedWithSourceParametersAndAttributes) {
  const TempDir directory;
  in_mount_namespace([&] {
    const Fd mount =
        new_filesystem("tmpfs", "shm", {{"size", "64k"}, {"mode", "1777"}, {"sync", ""}},
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
    attach_mount(mount, open_directory(directory.path()), directory.path());
    const MountEntry entry = mount_at(directory.path());
    EXPECT_EQ(entry.type, "tmpfs");
    EXPECT_EQ(entry.source, "shm");
    EXPECT_TRUE(entry.has_option("nosuid"));
    EXPECT_TRUE(entry.has_option("nodev"));
    EXPECT_TRUE(entry.has_option("noatime"));
    EXPECT_FALSE(entry.has_option("noexec"));
    EXPECT_NE(entry.super_options.find("size=64k"), std::string::npos);
    EXPECT_NE(entry.super_options.find("sync"), std::string::npos);
    EXPECT_EQ(stat_fd(mount, "tmpfs").st_mode & 07777, 01777u);
  });
}

TEST(Filesystem, UnknownTypeIsNamed) {
  EXPECT_EQ(error_of([] { new_filesystem("nosuchfs", "", {}, 0); }),
            "unknown filesystem type \"nosuchfs\"");
}

TEST(Filesystem, TellsWhatTheKernelSaysOfAParameter) {
  EXPECT_EQ(error_of([] {
              new_filesystem("tmpfs", "", {{"size", "lots"}}, 0);
            }),
            "tmpfs: Bad value for 'size'");
  EXPECT_EQ(error_of([] {
              new_filesystem("tmpfs", "", {{"nonsense", ""}}, 0);
            }),
            "tmpfs: Unknown parameter 'nonsense'");
}

TEST(Filesystem, ValueThatTheKernelCannotTakeIsTold) {
  EXPECT_EQ(error_of([] {
              new_filesystem("overlay", "", {{"lowerdir", std::string(256, 'x')}}, 0);
            }),
            "lowerdir: the value has 256 bytes, the kernel takes at most 255");
}

TEST(Filesystem, WithoutWordsOfItsOwnTheStepAndErrnoAreTold) {
  EXPECT_EQ(error_of([] { new_filesystem("ext4", "/no/such/device", {}, 0); }),
            "/no/such/device: Can't lookup blockdev");
}

TEST(Filesystem, SysfsInAUserNamespaceOfTheHostsNetworkIsExplained) {
  in_child([] {
    const std::vector<oci::IdMapping> mappings{{0, 100000, 65536}};
    const Fd user = make_user_namespace(mappings, mappings);
    ASSERT_EQ(::setns(user.get(), CLONE_NEWUSER), 0);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    const std::string text = error_of([] { new_filesystem("sysfs", "", {}, 0); });
    EXPECT_NE(text.find("Operation not permitted"), std::string::npos) << text;
    EXPECT_NE(text.find("a network namespace of its own"), std::string::npos) << text;
  });
}

TEST(Filesystem, IsReconfiguredInPlace) {
  in_mount_namespace([] {
    const Fd mount = new_filesystem("tmpfs", "", {{"size", "64k"}}, 0);
    const TempDir directory;
    attach_mount(mount, open_directory(directory.path()), directory.path());
    reconfigure_filesystem(mount, {{"size", "128k"}});
    EXPECT_NE(mount_at(directory.path()).super_options.find("size=128k"), std::string::npos);
    EXPECT_EQ(error_of([&] {
                reconfigure_filesystem(mount, {{"size", "x"}});
              }),
              "tmpfs: Bad value for 'size'");
    ::umount2(directory.path().c_str(), MNT_DETACH);
  });
}

}  // namespace
}  // namespace gocker
