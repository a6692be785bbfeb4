#include "runtime/linux/rootfs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/id_map.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

// A shared tmpfs as the host, with a root filesystem in rootfs/ that has a procfs.
class RootfsTest : public ::testing::Test {
 protected:
  std::string rootfs() const { return directory_.path() + "/rootfs"; }
  std::string at(const std::string& path) const { return rootfs() + path; }

  // `host` runs where everything is shared, as on a host with systemd; `container` in a copy of its
  // mount namespace.
  void run(const std::function<void()>& container, const std::function<void()>& host_afterwards) {
    in_mount_namespace([&] {
      ASSERT_EQ(::mount("host", directory_.path().c_str(), "tmpfs", 0, nullptr), 0);
      ASSERT_EQ(::mount("", "/", "", MS_SHARED | MS_REC, nullptr), 0);
      make_directories(at("/proc"), 0755);
      make_directories(at("/dir"), 0755);
      make_directories(at("/mounted"), 0755);
      make_file(at("/file"), "secret");
      make_file(at("/marker"), "the container's root");
      ASSERT_EQ(::mount("below", at("/mounted").c_str(), "tmpfs", 0, nullptr), 0);
      make_file(at("/mounted/file"));
      const size_t before = mount_table().size();
      in_child([&] {
        ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
        container();
      });
      EXPECT_EQ(mount_table().size(), before) << "the host's mount table has changed";
      host_afterwards();
    });
  }
  void run(const std::function<void()>& container) {
    run(container, [] {});
  }

  // What init does, without the mounts of a config.
  void enter(const std::string& propagation = "", RootSwitch method = RootSwitch::pivot) {
    null_ = open_mask_source({"/x"});
    const RootDir root = prepare_rootfs(rootfs(), propagation);
    ASSERT_EQ(::mount("proc", at("/proc").c_str(), "proc", 0, nullptr), 0);
    switch_root(root, method, propagation);
    set_rootfs_propagation(propagation);
  }

  const Fd& null() const { return null_; }

 private:
  TempDir directory_;
  Fd null_;
};

TEST_F(RootfsTest, PivotLeavesNothingOfTheHost) {
  run([&] {
    enter();
    EXPECT_EQ(content_of("/marker"), "the container's root");
    EXPECT_EQ(std::string(::get_current_dir_name()), "/");
    EXPECT_EQ(content_of("marker"), "the container's root");
    for (const MountEntry& entry : mount_table()) {
      EXPECT_TRUE(entry.mount_point == "/" || entry.mount_point == "/proc" ||
                  entry.mount_point == "/mounted")
          << entry.mount_point;
    }
    EXPECT_EQ(::access("/mounted/file", F_OK), 0);
  });
}

TEST_F(RootfsTest, DotDotFromTheNewRootEndsThere) {
  run([&] {
    enter();
    ASSERT_EQ(::chdir(".."), 0);
    EXPECT_EQ(content_of("marker"), "the container's root");
  });
}

class RootfsPropagation : public RootfsTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(RootfsPropagation, NothingAppearsOnTheHostAndTheRootIsAsAsked) {
  run([&] {
    enter(GetParam());
    const std::string state = mount_at("/").propagation;
    const std::string& asked = GetParam();
    if (asked.ends_with("shared")) {
      EXPECT_NE(state.find("shared:"), std::string::npos) << state;
    } else {
      EXPECT_EQ(state.find("shared:"), std::string::npos) << state;
    }
    if (asked.ends_with("private")) {
      EXPECT_EQ(state, "");
    }
    if (asked.ends_with("unbindable")) {
      EXPECT_NE(state.find("unbindable"), std::string::npos) << state;
    }
    EXPECT_EQ(::access("/mounted/file", F_OK), 0) << "a mount below the root is lost";
    // A later mount of the container stays its own, too.
    ASSERT_EQ(::mount("late", "/dir", "tmpfs", 0, nullptr), 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Table, RootfsPropagation,
                         ::testing::Values("", "private", "rprivate", "shared", "rshared", "slave",
                                           "rslave", "unbindable", "runbindable"));

TEST_F(RootfsTest, SharedRootSharesWithNamespacesBelowIt) {
  run([&] {
    enter("rshared");
    in_child([] {
      ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
      ASSERT_EQ(::mount("late", "/dir", "tmpfs", 0, nullptr), 0);
      make_file("/dir/f");
    });
    EXPECT_EQ(::access("/dir/f", F_OK), 0);
  });
}

TEST_F(RootfsTest, MoveLeadsToTheRootAndHidesTheHosts) {
  run([&] {
    const Fd old_root = open_directory("/");
    enter("", RootSwitch::move);
    // Where a process gets that leaves its chroot.
    EXPECT_NE(::faccessat(old_root.get(), "sys/kernel", F_OK, 0), 0);
    EXPECT_NE(::faccessat(old_root.get(), "proc/self", F_OK, 0), 0);
    EXPECT_EQ(content_of("/marker"), "the container's root");
    EXPECT_EQ(std::string(::get_current_dir_name()), "/");
    EXPECT_EQ(mount_at("/proc").type, "proc");
  });
}

TEST_F(RootfsTest, ReadOnlyRootIsReadOnly) {
  run([&] {
    enter();
    EXPECT_EQ(write_error("/f"), 0);
    make_rootfs_readonly();
    EXPECT_EQ(write_error("/g"), EROFS);
    EXPECT_EQ(write_error("/mounted/g"), 0);
  });
}

// What the launcher of a container with a user namespace does: the path itself is out of reach.
TEST_F(RootfsTest, PreparedRootIsUsedWhereItsPathCannotBeReached) {
  for (const std::string propagation : {"", "rprivate", "shared"}) {
    run([&] {
      const Fd prepared = clone_rootfs(rootfs());
      ASSERT_EQ(::mount("cover", rootfs().c_str(), "tmpfs", 0, nullptr), 0);
      // In a copy of the host's namespace, as init is: a detached mount comes along as it is.
      in_child([&] {
        const std::vector<oci::IdMapping> mappings{{0, 0, 65536}};
        ASSERT_EQ(::setns(make_user_namespace(mappings, mappings).get(), CLONE_NEWUSER), 0);
        ASSERT_EQ(::unshare(CLONE_NEWNS | CLONE_NEWPID), 0);
        const RootDir root = prepare_rootfs(rootfs(), propagation, prepared);
        EXPECT_EQ(::access("/proc/self/comm", F_OK), 0) << "the host's view is lost";
        const Fd directory = root.open("/dir", O_PATH);
        attach_mount(new_filesystem("tmpfs", "late", {}, 0), directory, "/dir");
        switch_root(root, RootSwitch::pivot);
        set_rootfs_propagation(propagation);
        EXPECT_EQ(content_of("/marker"), "the container's root");
        EXPECT_EQ(write_error("/dir/f"), 0);
      });
      ASSERT_EQ(::umount(rootfs().c_str()), 0);
      EXPECT_NE(::access(at("/dir/f").c_str(), F_OK), 0);
    });
  }
}

TEST_F(RootfsTest, PreparedRootCanDoWithoutPivot) {
  run([&] {
    const Fd prepared = clone_rootfs(rootfs());
    const std::vector<oci::IdMapping> mappings{{0, 0, 65536}};
    in_child([&] {
      ASSERT_EQ(::setns(make_user_namespace(mappings, mappings).get(), CLONE_NEWUSER), 0);
      ASSERT_EQ(::unshare(CLONE_NEWNS | CLONE_NEWPID), 0);
      in_child([&] {
        const RootDir root = prepare_rootfs(rootfs(), "", prepared);
        attach_mount(new_filesystem("proc", "proc", {}, 0), root.open("/proc", O_PATH), "/proc");
        switch_root(root, RootSwitch::move);
        EXPECT_EQ(content_of("/marker"), "the container's root");
        EXPECT_EQ(content_of("marker"), "the container's root");
        EXPECT_EQ(mount_at("/proc").type, "proc");
        EXPECT_EQ(content_of("/proc/self/stat").substr(0, 2), "1 ");
      });
    });
  });
}

TEST_F(RootfsTest, UnknownPropagationIsAnError) {
  in_mount_namespace([&] {
    EXPECT_EQ(error_of([&] { prepare_rootfs("/tmp", "public"); }),
              "prepare the root filesystem /tmp: /linux/rootfsPropagation: unknown value public");
  });
}

TEST_F(RootfsTest, MissingRootIsNamed) {
  in_mount_namespace([&] {
    const std::string text = error_of([&] { prepare_rootfs("/no/such", ""); });
    EXPECT_EQ(text,
              "prepare the root filesystem /no/such: open /no/such: No such file or directory");
  });
}

TEST_F(RootfsTest, MaskedFilesAndDirectoriesAreEmpty) {
  run([&] {
    enter();
    mask_paths(RootDir::open_host_path("/"),
               {"/file", "/mounted", "/absent", "/file/absent", "/marker", "/dir"}, null());
    struct stat status {};
    for (const char* path : {"/file", "/marker"}) {
      EXPECT_EQ(content_of(path), "") << path;
      ASSERT_EQ(::stat(path, &status), 0);
      EXPECT_TRUE(S_ISCHR(status.st_mode)) << path;
      EXPECT_EQ(status.st_rdev, makedev(1, 3)) << path;
    }
    EXPECT_NE(::access("/mounted/file", F_OK), 0);
    for (const char* path : {"/mounted/new", "/dir/new"}) EXPECT_EQ(write_error(path), EROFS);
    EXPECT_NE(::access("/absent", F_OK), 0);
  });
}

TEST_F(RootfsTest, MaskedFilesShareNothingWithTheHostsNullDevice) {
  run(
      [&] {
        enter();
        mask_paths(RootDir::open_host_path("/"), {"/file"}, null());
        EXPECT_EQ(mount_at("/file").propagation, "");
        ASSERT_EQ(::mount("/marker", "/file", "", MS_BIND, nullptr), 0);
      },
      [] {
        struct stat status {};
        ASSERT_EQ(::stat("/dev/null", &status), 0);
        EXPECT_EQ(status.st_rdev, makedev(1, 3));
      });
}

TEST_F(RootfsTest, MaskingFollowsSymlinksInsideOnly) {
  run([&] {
    ASSERT_EQ(::symlink("../../../file", at("/dir/link").c_str()), 0);
    enter();
    mask_paths(RootDir::open_host_path("/"), {"/dir/link"}, null());
    EXPECT_EQ(content_of("/file"), "");
  });
}

TEST_F(RootfsTest, MaskIsTheHostsNullWhateverTheImageHas) {
  run([&] {
    make_directories(at("/dev"), 0755);
    ASSERT_EQ(::symlink("/proc/sysrq-trigger", at("/dev/null").c_str()), 0);
    enter();
    mask_paths(RootDir::open_host_path("/"), {"/proc/version", "/file"}, null());
    struct stat status {};
    ASSERT_EQ(::stat("/file", &status), 0);
    EXPECT_EQ(status.st_rdev, makedev(1, 3));
    ASSERT_EQ(::stat("/proc/version", &status), 0);
    EXPECT_EQ(status.st_rdev, makedev(1, 3));
  });
}

TEST_F(RootfsTest, AReplacedNullDeviceOfTheHostIsNoMask) {
  run([&] {
    ASSERT_EQ(::mount("/dev/zero", "/dev/null", "", MS_BIND, nullptr), 0);
    EXPECT_EQ(error_of([] { open_mask_source({"/x"}); }),
              "open /dev/null: is not the null device (character device 1:3)");
    EXPECT_FALSE(open_mask_source({}));
    ::umount("/dev/null");
  });
}

TEST_F(RootfsTest, ReadOnlyPathsAreReadOnly) {
  run([&] {
    enter();
    make_paths_readonly(RootDir::open_host_path("/"), {"/dir", "/file", "/proc/sys", "/absent"});
    EXPECT_EQ(write_error("/dir/f"), EROFS);
    EXPECT_EQ(write_error("/file"), EROFS);
    EXPECT_EQ(write_error("/proc/sys/kernel/core_pattern"), EROFS);
    EXPECT_EQ(write_error("/other"), 0);
    EXPECT_EQ(content_of("/file"), "secret");
  });
}

TEST_F(RootfsTest, ReadOnlyPathsKeepTheirOtherFlags) {
  run([&] {
    enter();
    ASSERT_EQ(::mount("t", "/dir", "tmpfs", MS_NOSUID | MS_NODEV, nullptr), 0);
    make_paths_readonly(RootDir::open_host_path("/"), {"/dir"});
    const MountEntry entry = mount_at("/dir");
    EXPECT_TRUE(entry.has_option("ro"));
    EXPECT_TRUE(entry.has_option("nosuid"));
    EXPECT_TRUE(entry.has_option("nodev"));
  });
}

}  // namespace
}  // namespace gocker
