#include "runtime/linux/devices.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/id_map.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

class DevicesTest : public ::testing::Test {
 protected:
  DevicesTest() { make_directories(at("/dev"), 0755); }

  std::string at(const std::string& path) const { return directory_.path() + "/root" + path; }
  std::string canary() const { return directory_.path() + "/canary"; }
  RootDir root() const { return RootDir::open_host_path(at("")); }

  // Devices need a filesystem without nodev, and must be gone afterwards: a tmpfs of their own.
  void run(const std::function<void()>& body) {
    in_mount_namespace([&] {
      ASSERT_EQ(::mount("t", directory_.path().c_str(), "tmpfs", 0, nullptr), 0);
      make_directories(at("/dev"), 0755);
      make_directories(canary(), 0755);
      body();
    });
  }

  struct stat status_of(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::lstat(at(path).c_str(), &status), 0) << path;
    return status;
  }
  void expect_null_device(const std::string& path) const {
    EXPECT_TRUE(S_ISCHR(status_of(path).st_mode)) << path;
    EXPECT_EQ(status_of(path).st_rdev, makedev(1, 3)) << path;
  }
  std::string link_of(const std::string& path) const {
    std::array<char, PATH_MAX> text;
    const ssize_t length = ::readlink(at(path).c_str(), text.data(), text.size());
    return length < 0 ? "no link" : std::string(text.data(), static_cast<size_t>(length));
  }

 private:
  TempDir directory_;
};

const oci::Device kFuse{"/dev/fuse", 'c', 10, 229, 0640, 12, 34};

TEST_F(DevicesTest, DefaultsStandWithModesWhateverTheUmask) {
  run([&] {
    ::umask(077);
    create_devices(root(), {}, {});
    EXPECT_EQ(::umask(077), 077u);
    struct Expected {
      const char* path;
      unsigned major;
      unsigned minor;
    };
    for (const Expected& device : {Expected{"/dev/null", 1, 3}, Expected{"/dev/zero", 1, 5},
                                   Expected{"/dev/full", 1, 7}, Expected{"/dev/random", 1, 8},
                                   Expected{"/dev/urandom", 1, 9}, Expected{"/dev/tty", 5, 0}}) {
      EXPECT_EQ(status_of(device.path).st_mode, S_IFCHR | 0666u) << device.path;
      EXPECT_EQ(status_of(device.path).st_rdev, makedev(device.major, device.minor));
      EXPECT_EQ(status_of(device.path).st_uid, 0u);
    }
    EXPECT_EQ(link_of("/dev/fd"), "/proc/self/fd");
    EXPECT_EQ(link_of("/dev/stdin"), "/proc/self/fd/0");
    EXPECT_EQ(link_of("/dev/stdout"), "/proc/self/fd/1");
    EXPECT_EQ(link_of("/dev/stderr"), "/proc/self/fd/2");
    EXPECT_EQ(link_of("/dev/core"), "/proc/kcore");
    EXPECT_EQ(link_of("/dev/ptmx"), "pts/ptmx");
  });
}

TEST_F(DevicesTest, ConfiguredOnesHaveTypeModeAndOwner) {
  run([&] {
    create_devices(root(),
                   {kFuse,
                    {"/some/where/disk", 'b', 7, 200, 0600, {}, {}},
                    {"/dev/fifo", 'p', 99, 99, 0622, {}, {}},
                    {"/dev/unbuffered", 'u', 1, 5, {}, {}, {}}},
                   {});
    EXPECT_EQ(status_of("/dev/fuse").st_mode, S_IFCHR | 0640u);
    EXPECT_EQ(status_of("/dev/fuse").st_rdev, makedev(10, 229));
    EXPECT_EQ(status_of("/dev/fuse").st_uid, 12u);
    EXPECT_EQ(status_of("/dev/fuse").st_gid, 34u);
    EXPECT_EQ(status_of("/some/where/disk").st_mode, S_IFBLK | 0600u);
    EXPECT_EQ(status_of("/some/where/disk").st_rdev, makedev(7, 200));
    EXPECT_EQ(status_of("/dev/fifo").st_mode, S_IFIFO | 0622u);
    EXPECT_EQ(status_of("/dev/unbuffered").st_mode, S_IFCHR | 0666u);
  });
}

TEST_F(DevicesTest, AConfiguredDefaultHasItsConfiguredMode) {
  run([&] {
    create_devices(root(), {{"/dev/null", 'c', 1, 3, 0600, 7, {}}}, {});
    EXPECT_EQ(status_of("/dev/null").st_mode, S_IFCHR | 0600u);
    EXPECT_EQ(status_of("/dev/null").st_uid, 7u);
  });
}

TEST_F(DevicesTest, MadeTwiceIsNoError) {
  run([&] {
    create_devices(root(), {kFuse}, {});
    create_devices(root(), {kFuse}, {});
    EXPECT_EQ(status_of("/dev/fuse").st_mode, S_IFCHR | 0640u);
  });
}

TEST_F(DevicesTest, AReadOnlyDevThatHasAllIsNoError) {
  run([&] {
    create_devices(root(), {kFuse}, {});
    ASSERT_EQ(::mount(at("/dev").c_str(), at("/dev").c_str(), "", MS_BIND, nullptr), 0);
    ASSERT_EQ(::mount("", at("/dev").c_str(), "", MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
    create_devices(root(), {kFuse}, {});
    EXPECT_EQ(error_of([&] {
                create_devices(root(), {{"/dev/new", 'c', 1, 3, {}, {}, {}}}, {});
              }),
              "create device /dev/new: mknod: Read-only file system");
  });
}

TEST_F(DevicesTest, SomethingElseInThePlaceOfAConfiguredOneIsAnError) {
  run([&] {
    make_file(at("/dev/fuse"), "keep");
    EXPECT_EQ(error_of([&] { create_devices(root(), {kFuse}, {}); }),
              "create device /dev/fuse: something else than c 10:229 is there already");
    EXPECT_EQ(content_of(at("/dev/fuse")), "keep");
  });
}

TEST_F(DevicesTest, ALinkInThePlaceOfADefaultIsReplacedNotFollowed) {
  run([&] {
    make_file(canary() + "/file", "canary");
    ASSERT_EQ(::symlink((canary() + "/file").c_str(), at("/dev/null").c_str()), 0);
    ASSERT_EQ(::symlink("zero", at("/dev/full").c_str()), 0);
    make_file(at("/dev/stdout"), "an image's mistake");
    ASSERT_EQ(::mknod(at("/dev/ptmx").c_str(), S_IFCHR | 0666, makedev(5, 2)), 0);
    create_devices(root(), {}, {});
    expect_null_device("/dev/null");
    EXPECT_EQ(status_of("/dev/full").st_rdev, makedev(1, 7));
    EXPECT_EQ(link_of("/dev/stdout"), "/proc/self/fd/1");
    EXPECT_EQ(link_of("/dev/ptmx"), "pts/ptmx");
    EXPECT_EQ(content_of(canary() + "/file"), "canary");
  });
}

TEST_F(DevicesTest, WhatSomebodyMountedOverADefaultStays) {
  run([&] {
    make_file(at("/dev/random"));
    ASSERT_EQ(::mount("/dev/urandom", at("/dev/random").c_str(), "", MS_BIND, nullptr), 0);
    make_directories(at("/dev/fd"), 0755);
    create_devices(root(), {}, {});
    EXPECT_EQ(status_of("/dev/random").st_rdev, makedev(1, 9));
    EXPECT_TRUE(S_ISDIR(status_of("/dev/fd").st_mode));
  });
}

// CVE-2026-41579: an image's /dev that is a link must not lead to the host.
TEST_F(DevicesTest, DevThatIsALinkEndsInsideOfTheRoot) {
  run([&] {
    make_file(canary() + "/null", "canary");
    for (const std::string& target : {canary(), "../../../.." + canary()}) {
      ASSERT_EQ(::system(("rm -rf " + at("/dev")).c_str()), 0);
      ASSERT_EQ(::symlink(target.c_str(), at("/dev").c_str()), 0);
      create_devices(root(), {kFuse}, {});
      EXPECT_EQ(content_of(canary() + "/null"), "canary");
      EXPECT_NE(::access((canary() + "/fuse").c_str(), F_OK), 0);
      EXPECT_NE(::access((canary() + "/fd").c_str(), F_OK), 0);
      struct stat status {};
      ASSERT_EQ(::lstat((at("") + canary() + "/null").c_str(), &status), 0);
      EXPECT_EQ(status.st_rdev, makedev(1, 3));
    }
  });
}

TEST_F(DevicesTest, ParentThatIsALinkEndsInsideOfTheRoot) {
  run([&] {
    ASSERT_EQ(::symlink(canary().c_str(), at("/dev/net").c_str()), 0);
    create_devices(root(), {{"/dev/net/tun", 'c', 10, 200, {}, {}, {}}}, {});
    EXPECT_NE(::access((canary() + "/tun").c_str(), F_OK), 0);
    EXPECT_EQ(::access((at("") + canary() + "/tun").c_str(), F_OK), 0);
  });
}

TEST_F(DevicesTest, PathThatIsNoFileIsAnError) {
  run([&] {
    EXPECT_EQ(error_of([&] {
                create_devices(root(), {{"/", 'c', 1, 3, {}, {}, {}}}, {});
              }),
              "create device /: is no path of a device");
  });
}

TEST_F(DevicesTest, InAUserNamespaceTheHostsNodesAreBound) {
  run([&] {
    const oci::Device log{"/dev/kmsg", 'c', 1, 11, {}, {}, {}};
    const oci::Device fifo{"/dev/fifo", 'p', 0, 0, 0600, {}, {}};
    const std::vector<oci::Device> devices{fifo, log};
    ASSERT_EQ(::mount("", "/dev", "", MS_SHARED, nullptr), 0);
    const std::vector<Fd> clones = open_host_devices(devices);
    EXPECT_EQ(clones.size(), default_devices().size() + 1);
    ASSERT_EQ(::chown(at("/dev").c_str(), 100000, 100000), 0);
    const std::vector<oci::IdMapping> mappings{{0, 100000, 65536}};
    ASSERT_EQ(::setns(make_user_namespace(mappings, mappings).get(), CLONE_NEWUSER), 0);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::setresgid(0, 0, 0), 0);
    ASSERT_EQ(::setresuid(0, 0, 0), 0);
    make_file(at("/dev/zero"));  // left behind by an earlier container
    create_devices(root(), devices, clones);
    expect_null_device("/dev/null");
    EXPECT_EQ(write_error(at("/dev/null")), 0);
    EXPECT_EQ(status_of("/dev/zero").st_rdev, makedev(1, 5));
    EXPECT_EQ(status_of("/dev/kmsg").st_rdev, makedev(1, 11));
    EXPECT_TRUE(S_ISFIFO(status_of("/dev/fifo").st_mode));
    EXPECT_EQ(mount_at(at("/dev/null")).propagation, "");
  });
}

TEST_F(DevicesTest, WithoutTheRightToMakeNodesTheHostsAreBound) {
  run([&] {
    ASSERT_EQ(::prctl(PR_CAPBSET_DROP, 27 /* CAP_MKNOD */, 0, 0, 0), 0);
    in_child([&] {
      const std::vector<oci::IdMapping> mappings{{0, 0, 65536}};
      ASSERT_EQ(::setns(make_user_namespace(mappings, mappings).get(), CLONE_NEWUSER), 0);
      ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
      create_devices(root(), {}, {});
      expect_null_device("/dev/null");
      EXPECT_EQ(mount_at(at("/dev/null")).type, mount_at("/dev").type);
    });
  });
}

TEST_F(DevicesTest, WhatTheHostLacksIsToldInAUserNamespace) {
  EXPECT_EQ(error_of([] {
              open_host_devices({{"/dev/none", 'c', 240, 1, {}, {}, {}}});
            }),
            "open device /dev/none: nodes can't be made here, and the host has no c 240:1 at this "
            "path to take its place");
  EXPECT_EQ(error_of([] {
              open_host_devices({{"/dev/null", 'c', 1, 5, {}, {}, {}}});
            }),
            "open device /dev/null: nodes can't be made here, and the host has no c 1:5 at this "
            "path to take its place");
}

TEST(Devices, AContainerThatBindsItsDevNeedsNone) {
  EXPECT_TRUE(needs_devices({}));
  EXPECT_TRUE(needs_devices({{.destination = "/dev", .type = "tmpfs", .source = "tmpfs"}}));
  EXPECT_TRUE(needs_devices({{.destination = "/dev/x", .source = "/", .options = {"bind"}}}));
  EXPECT_FALSE(needs_devices({{.destination = "/dev", .source = "/dev", .options = {"rbind"}}}));
  EXPECT_FALSE(needs_devices({{.destination = "/dev/", .type = "bind", .source = "/dev"}}));
}

}  // namespace
}  // namespace gocker
