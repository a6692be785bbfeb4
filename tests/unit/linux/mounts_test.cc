#include "runtime/linux/mounts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/rootfs.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

using Options = std::vector<std::string>;

oci::Mount make_mount(const std::string& destination, const std::string& type,
                      const std::string& source, const Options& options = {}) {
  return {.destination = destination, .type = type, .source = source, .options = options};
}

// A root filesystem in root/ and a canary of the host beside it, on a tmpfs of their own.
class MountsTest : public ::testing::Test {
 protected:
  std::string at(const std::string& path) const { return directory_.path() + "/root" + path; }
  std::string host(const std::string& path = "") const {
    return directory_.path() + "/host" + path;
  }
  RootDir root() const { return RootDir::open_host_path(at("")); }
  const std::string& bundle() const { return directory_.path(); }

  void run(const std::function<void()>& body, uint64_t namespaces = 0) {
    in_mount_namespace(
        [&] {
          ASSERT_EQ(::mount("t", directory_.path().c_str(), "tmpfs", 0, nullptr), 0);
          make_directories(at(""), 0755);
          make_directories(host(), 0755);
          make_file(host("/file"), "canary");
          body();
        },
        namespaces);
  }

  Fd apply(const std::vector<oci::Mount>& mounts) const {
    MountPlan plan;
    for (const oci::Mount& mount : mounts) plan.mounts.push_back({.mount = mount});
    return apply_mounts(plan, root(), bundle(), "");
  }

  void link(const std::string& target, const std::string& path) const {
    ASSERT_EQ(::symlink(target.c_str(), at(path).c_str()), 0);
  }
  mode_t mode_of(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  // Nothing was made or changed beside the root.
  void expect_host_untouched() const {
    EXPECT_EQ(content_of(host("/file")), "canary");
    struct stat status {};
    EXPECT_EQ(::stat(host().c_str(), &status), 0);
    EXPECT_EQ(status.st_nlink, 2u) << "a directory was made on the host";
  }

 private:
  TempDir directory_;
};

TEST_F(MountsTest, TheCustomaryOnesStand) {
  run(
      [&] {
        const Fd readonly_dev = apply({
            make_mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
            make_mount("/dev", "tmpfs", "tmpfs",
                       {"nosuid", "strictatime", "mode=755", "size=65536k"}),
            make_mount("/dev/pts", "devpts", "devpts",
                       {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
            make_mount("/dev/shm", "tmpfs", "shm",
                       {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
            make_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
            make_mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
            make_mount("/etc/hosts", "bind", host("/file"), {"rbind", "rprivate"}),
        });
        EXPECT_FALSE(readonly_dev);
        EXPECT_EQ(mount_at(at("/proc")).type, "proc");
        EXPECT_EQ(mount_at(at("/proc")).options, "rw,nosuid,nodev,noexec,relatime");
        EXPECT_EQ(mount_at(at("/dev")).options, "rw,nosuid");
        EXPECT_EQ(mode_of(at("/dev")), 0755u);
        EXPECT_EQ(mount_at(at("/dev/pts")).super_options, "rw,gid=5,mode=620,ptmxmode=666");
        EXPECT_EQ(mode_of(at("/dev/shm")), 01777u);
        EXPECT_EQ(mount_at(at("/dev/shm")).source, "shm");
        EXPECT_EQ(mount_at(at("/dev/mqueue")).type, "mqueue");
        EXPECT_EQ(mount_at(at("/sys")).options, "ro,nosuid,nodev,noexec,relatime");
        EXPECT_EQ(content_of(at("/etc/hosts")), "canary");
        EXPECT_EQ(write_error(at("/etc/hosts")), 0);
      },
      CLONE_NEWIPC);
}

TEST_F(MountsTest, MountPointsAreMadeWithModesWhateverTheUmask) {
  run([&] {
    ::umask(077);
    (void)apply({make_mount("/a/b", "tmpfs", "t", {"mode=700"}),
                 make_mount("/c/d", "none", host("/file"), {"bind"})});
    EXPECT_EQ(mode_of(at("/a")), 0755u);
    EXPECT_EQ(mode_of(at("/c")), 0755u);
    ASSERT_EQ(::umount(at("/c/d").c_str()), 0);
    ASSERT_EQ(::umount(at("/a/b").c_str()), 0);
    EXPECT_EQ(mode_of(at("/a/b")), 0755u);
    EXPECT_EQ(mode_of(at("/c/d")), 0644u);
  });
}

TEST_F(MountsTest, LaterOnesAreMadeInEarlierOnes) {
  run([&] {
    (void)apply({make_mount("/a", "tmpfs", "one"), make_mount("/a/b", "tmpfs", "two"),
                 make_mount("/a/b", "tmpfs", "three")});
    EXPECT_EQ(mount_at(at("/a/b")).source, "three");
    EXPECT_EQ(mount_at(at("/a")).source, "one");
  });
}

TEST_F(MountsTest, ReadOnlyTmpfsHoldsTheMountPointsOfLaterOnes) {
  run([&] {
    const Fd readonly_dev =
        apply({make_mount("/a", "tmpfs", "t", {"ro"}), make_mount("/a/b", "tmpfs", "t"),
               make_mount("/dev", "tmpfs", "t", {"ro"})});
    EXPECT_EQ(write_error(at("/a/f")), EROFS);
    EXPECT_EQ(write_error(at("/a/b/f")), 0);
    EXPECT_EQ(write_error(at("/dev/null")), 0) << "devices are made later";
    ASSERT_TRUE(readonly_dev);
    set_mount_attributes(readonly_dev, MOUNT_ATTR_RDONLY, 0, 0, Depth::single, "/dev");
    EXPECT_EQ(write_error(at("/dev/zero")), EROFS);
  });
}

TEST_F(MountsTest, StepsMayBecomeReadOnlyAtTheEnd) {
  run([&] {
    MountPlan plan;
    plan.mounts.push_back({.mount = make_mount("/c", "tmpfs", "t"), .readonly_at_end = true});
    plan.mounts.push_back({.mount = make_mount("/c/cpu,cpuacct", "tmpfs", "t")});
    plan.links.push_back({.path = "/c/cpu", .target = "cpu,cpuacct"});
    (void)apply_mounts(plan, root(), bundle(), "");
    EXPECT_EQ(write_error(at("/c/f")), EROFS);
    EXPECT_EQ(write_error(at("/c/cpu/f")), 0);
  });
}

TEST_F(MountsTest, TmpfsKeepsThePermissionsOfItsMountPoint) {
  run([&] {
    make_directories(at("/tmp"), 0755);
    ASSERT_EQ(::chmod(at("/tmp").c_str(), 01771), 0);
    make_directories(at("/other"), 0700);
    (void)apply({make_mount("/tmp", "tmpfs", "t"), make_mount("/other", "tmpfs", "t", {"mode=750"}),
                 make_mount("/new", "tmpfs", "t")});
    EXPECT_EQ(mode_of(at("/tmp")), 01771u);
    EXPECT_EQ(mode_of(at("/other")), 0750u);
    EXPECT_EQ(mode_of(at("/new")), 01777u);
  });
}

TEST_F(MountsTest, TmpcopyupBringsTheContent) {
  run([&] {
    make_directories(at("/var/a/b"), 0755);
    make_file(at("/var/a/b/file"), std::string(100000, 'x'));
    ASSERT_EQ(::chown(at("/var/a/b/file").c_str(), 12, 34), 0);
    ASSERT_EQ(::chmod(at("/var/a/b/file").c_str(), 04751), 0);
    ASSERT_EQ(::chmod(at("/var/a").c_str(), 0711), 0);
    link(host("/file"), "/var/link");
    ASSERT_EQ(::mkfifo(at("/var/fifo").c_str(), 0600), 0);
    ASSERT_EQ(::mknod(at("/var/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
    const timespec times[2]{{1000, 5}, {2000, 7}};
    ASSERT_EQ(::utimensat(AT_FDCWD, at("/var/a").c_str(), times, 0), 0);

    (void)apply({make_mount("/var", "tmpfs", "t", {"tmpcopyup", "ro"})});
    EXPECT_EQ(mount_at(at("/var")).type, "tmpfs");
    EXPECT_EQ(content_of(at("/var/a/b/file")), std::string(100000, 'x'));
    EXPECT_EQ(mode_of(at("/var/a/b/file")), 04751u);
    struct stat status {};
    ASSERT_EQ(::stat(at("/var/a/b/file").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 12u);
    EXPECT_EQ(status.st_gid, 34u);
    ASSERT_EQ(::stat(at("/var/a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0711u);
    EXPECT_EQ(status.st_mtim.tv_sec, 2000);
    EXPECT_EQ(status.st_mtim.tv_nsec, 7);
    ASSERT_EQ(::lstat(at("/var/link").c_str(), &status), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
    ASSERT_EQ(::lstat(at("/var/fifo").c_str(), &status), 0);
    EXPECT_TRUE(S_ISFIFO(status.st_mode));
    ASSERT_EQ(::lstat(at("/var/null").c_str(), &status), 0);
    EXPECT_EQ(status.st_rdev, makedev(1, 3));
    EXPECT_EQ(write_error(at("/var/f")), EROFS);
  });
}

TEST_F(MountsTest, TmpcopyupThatDoesNotFitIsAnError) {
  run([&] {
    make_directories(at("/var"), 0755);
    make_file(at("/var/file"), std::string(100000, 'x'));
    EXPECT_EQ(error_of([&] {
                (void)apply({make_mount("/var", "tmpfs", "t", {"tmpcopyup", "size=8k"})});
              }),
              "mount /var (tmpfs): copy up file: sendfile: No space left on device");
  });
}

TEST_F(MountsTest, ErrorsNameTheMountAndTheCause) {
  struct Case {
    oci::Mount mount;
    std::string text;
  };
  run([&] {
    make_file(at("/file"));
    make_directories(at("/dir"), 0755);
    const std::string source = host("/file");
    const std::vector<Case> cases{
        {make_mount("/data", "tmpfs", "t", {"size=lots"}),
         "mount /data (tmpfs): tmpfs: Bad value for 'size'"},
        {make_mount("/x", "nosuchfs", "t"),
         "mount /x (nosuchfs): unknown filesystem type \"nosuchfs\""},
        {make_mount("/x", "", ""), "mount /x: has neither a type nor the option bind"},
        {make_mount("/x", "none", "/no/such", {"bind"}),
         "mount /x: open source /no/such: No such file or directory"},
        {make_mount("/x", "bind", "", {}), "mount /x: a bind mount needs a source"},
        {make_mount("/dir", "none", source, {"bind"}),
         "mount /dir: is a directory, but the source " + source + " is a file"},
        {make_mount("/file", "none", host(), {"bind"}),
         "mount /file: is a file, but the source " + host() + " is a directory"},
        {make_mount("/file/below", "tmpfs", "t"),
         "mount /file/below (tmpfs): open /file/below: Not a directory"},
        {make_mount("/", "tmpfs", "t"), "mount / (tmpfs): the root itself is no mount point"},
        {make_mount("/nothing", "tmpfs", "t", {"remount", "ro"}),
         "mount /nothing (tmpfs): remount: nothing is mounted there"},
        {make_mount("/proc", "tmpfs", "t"),
         "mount /proc (tmpfs): only a procfs may be mounted on or below /proc"},
    };
    for (const Case& failing : cases) {
      EXPECT_EQ(error_of([&] { (void)apply({failing.mount}); }), failing.text);
    }
  });
}

// CVE-2019-18837, CVE-2021-30465 and their kin: where an image's links point must not matter.
TEST_F(MountsTest, LinksOfAnImageEndInsideOfTheRoot) {
  run([&] {
    link(host(), "/absolute");
    link("../../../../../../../.." + host(), "/relative");
    link("/absolute", "/chain");
    make_directories(at("/etc"), 0755);
    link(host("/file"), "/etc/hosts");
    make_file(bundle() + "/source", "mounted");
    (void)apply({make_mount("/absolute", "tmpfs", "t"), make_mount("/relative/a", "tmpfs", "t"),
                 make_mount("/chain/b/c", "tmpfs", "t"),
                 make_mount("/etc/hosts", "bind", "source", {"bind"}),
                 make_mount("/absolute/../../../host/d", "tmpfs", "t")});
    expect_host_untouched();
    for (const MountEntry& entry : mount_table()) {
      EXPECT_FALSE(entry.mount_point.starts_with(host())) << entry.mount_point;
    }
    EXPECT_EQ(mount_at(at("") + host()).type, "tmpfs");
    EXPECT_EQ(content_of(at("") + host("/file")), "mounted");
  });
}

// CVE-2021-30465: somebody who shares a volume swaps a directory of it for a link meanwhile.
TEST_F(MountsTest, ALinkThatIsSwappedInMeanwhileLeadsNowhereElse) {
  run([&] {
    make_directories(at("/volume/dir"), 0755);
    link(host(), "/volume/link");
    const std::string directory = at("/volume/dir");
    const std::string other = at("/volume/link");
    const pid_t swapper = ::fork();
    if (swapper == 0) {
      while (true) {
        ::renameat2(AT_FDCWD, directory.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
      }
    }
    const RootDir inside = root();
    for (int i = 0; i < 300; ++i) {
      MountPlan plan;
      plan.mounts.push_back({.mount = make_mount("/volume/dir", "tmpfs", "t")});
      plan.mounts.push_back(
          {.mount = make_mount("/volume/dir/" + std::to_string(i) + "/a", "tmpfs", "t")});
      try {
        (void)apply_mounts(plan, inside, bundle(), "");
      } catch (const Error&) {
        // Losing the race may be an error; it must only not be harm.
      }
    }
    ::kill(swapper, SIGKILL);
    ::waitpid(swapper, nullptr, 0);
    expect_host_untouched();
    for (const MountEntry& entry : mount_table()) {
      EXPECT_FALSE(entry.mount_point.starts_with(host())) << entry.mount_point;
    }
  });
}

TEST_F(MountsTest, ALinkAtProcIsAnError) {
  run([&] {
    make_directories(at("/fake"), 0755);
    link("fake", "/proc");
    EXPECT_EQ(
        error_of([&] { (void)apply({make_mount("/proc", "proc", "proc")}); }),
        "mount /proc (proc): /proc of the root filesystem is a symlink: it must be a directory");
    EXPECT_EQ(error_of([&] { (void)apply({make_mount("/proc/", "bind", host(), {"bind"})}); }),
              "mount /proc: /proc of the root filesystem is a symlink: it must be a directory");
  });
}

TEST_F(MountsTest, NothingButProcfsGoesOntoProcfs) {
  run([&] {
    link("/proc/self", "/innocent");
    make_file(bundle() + "/uptime", "0.00 0.00");
    (void)apply({make_mount("/proc", "proc", "proc")});
    for (const char* destination : {"/proc", "/proc/self/attr", "/proc/sys", "/innocent/attr",
                                    "/proc/../proc/sys", "//proc//sys"}) {
      const std::string text =
          error_of([&] { (void)apply({make_mount(destination, "none", host(), {"bind"})}); });
      EXPECT_NE(text.find("only a procfs may be mounted on or below /proc"), std::string::npos)
          << text;
      EXPECT_THROW((void)apply({make_mount(destination, "tmpfs", "t")}), Error) << destination;
    }
    (void)apply({make_mount("/proc/uptime", "bind", "uptime", {"bind"}),
                 make_mount("/proc/sys", "bind", "/proc/sys", {"bind", "ro"})});
    EXPECT_EQ(content_of(at("/proc/uptime")), "0.00 0.00");
    EXPECT_EQ(write_error(at("/proc/sys/kernel/core_pattern")), EROFS);
    expect_host_untouched();
  });
}

TEST_F(MountsTest, RemountChangesWhatIsMounted) {
  run([&] {
    (void)apply({make_mount("/a", "tmpfs", "t", {"nosuid", "size=64k"}),
                 make_mount("/a", "tmpfs", "t", {"remount", "ro", "size=128k"})});
    const MountEntry entry = mount_at(at("/a"));
    EXPECT_TRUE(entry.has_option("ro"));
    EXPECT_TRUE(entry.has_option("nosuid"));
    EXPECT_NE(entry.super_options.find("size=128k"), std::string::npos);
  });
}

TEST_F(MountsTest, FilesystemsTakeAPropagation) {
  run([&] {
    (void)apply({make_mount("/a", "tmpfs", "t", {"rshared"}), make_mount("/b", "tmpfs", "t")});
    EXPECT_TRUE(mount_at(at("/a")).propagation.starts_with("shared:"));
    EXPECT_EQ(mount_at(at("/b")).propagation, "");
  });
}

// --- what the launcher prepares ------------------------------------------------------------------

const std::vector<oci::IdMapping> kMappings{{0, 100000, 65536}};

// From here on as init in a user namespace; the root filesystem belongs to its root.
void enter_user_namespace() {
  ASSERT_EQ(::setns(make_user_namespace(kMappings, kMappings).get(), CLONE_NEWUSER), 0);
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::setresgid(0, 0, 0), 0);
  ASSERT_EQ(::setresuid(0, 0, 0), 0);
}

TEST_F(MountsTest, SourceThatOnlyTheHostMayReachIsPrepared) {
  run([&] {
    ASSERT_EQ(::chown(at("").c_str(), 100000, 100000), 0);
    ASSERT_EQ(::chmod(host("/file").c_str(), 0666), 0);
    ASSERT_EQ(::chmod(host().c_str(), 0700), 0);
    MountPlan plan;
    plan.mounts.push_back({.mount = make_mount("/data", "none", host("/file"), {"bind", "ro"})});
    plan.mounts.push_back({.mount = make_mount("/tmp", "tmpfs", "t")});
    prepare_mounts(plan, bundle(), {.uid_mappings = kMappings, .gid_mappings = kMappings}, true);
    EXPECT_TRUE(plan.mounts[0].prepared);
    EXPECT_FALSE(plan.mounts[1].prepared);
    enter_user_namespace();
    EXPECT_THROW(RootDir::open_host_path(host("/file")), Error);
    (void)apply_mounts(plan, root(), bundle(), "");
    EXPECT_EQ(content_of(at("/data")), "canary");
    EXPECT_EQ(write_error(at("/data")), EROFS);
    EXPECT_EQ(mount_at(at("/data")).propagation, "");
    EXPECT_EQ(mount_at(at("/tmp")).type, "tmpfs");
  });
}

TEST_F(MountsTest, WithoutAUserNamespaceNothingNeedsToBePrepared) {
  run([&] {
    MountPlan plan;
    plan.mounts.push_back({.mount = make_mount("/data", "none", host(), {"bind"})});
    prepare_mounts(plan, bundle(), {}, false);
    EXPECT_FALSE(plan.mounts[0].prepared);
  });
}

TEST_F(MountsTest, SharedMountOfAUserNamespaceIsNoPeerOfTheHosts) {
  run([&] {
    ASSERT_EQ(::chown(at("").c_str(), 100000, 100000), 0);
    ASSERT_EQ(::mount("h", host().c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_EQ(::mount("", host().c_str(), "", MS_SHARED, nullptr), 0);
    make_directories(host("/dir"), 0777);
    MountPlan plan;
    plan.mounts.push_back({.mount = make_mount("/data", "none", host(), {"rbind", "rshared"})});
    prepare_mounts(plan, bundle(), {.rootfs_propagation = "rshared"}, true);
    in_child([&] {
      enter_user_namespace();
      (void)apply_mounts(plan, root(), bundle(), "");
      const std::string state = mount_at(at("/data")).propagation;
      EXPECT_NE(state.find("shared:"), std::string::npos) << state;
      EXPECT_NE(state.find("master:"), std::string::npos) << state;
      ASSERT_EQ(::mount("late", at("/data/dir").c_str(), "tmpfs", 0, nullptr), 0);
      make_file(at("/data/dir/f"));
    });
    EXPECT_NE(::access(host("/dir/f").c_str(), F_OK), 0);
  });
}

TEST_F(MountsTest, IdMappedBindShowsMappedOwners) {
  run([&] {
    ASSERT_EQ(::chown(host("/file").c_str(), 7, 8), 0);
    oci::Mount own = make_mount("/own", "none", host(), {"bind", "idmap"});
    own.uid_mappings = {{7, 1007, 1}};
    own.gid_mappings = {{8, 2008, 1}};
    MountPlan plan;
    plan.mounts.push_back({.mount = own});
    plan.mounts.push_back({.mount = make_mount("/plain", "none", host(), {"bind"})});
    prepare_mounts(plan, bundle(), {}, false);
    EXPECT_TRUE(plan.mounts[0].prepared);
    EXPECT_FALSE(plan.mounts[1].prepared);
    (void)apply_mounts(plan, root(), bundle(), "");
    struct stat status {};
    ASSERT_EQ(::stat(at("/own/file").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 1007u);
    EXPECT_EQ(status.st_gid, 2008u);
    ASSERT_EQ(::stat(at("/plain/file").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 7u);
  });
}

TEST_F(MountsTest, IdmapWithoutMappingsTakesThoseOfTheUserNamespace) {
  run([&] {
    ASSERT_EQ(::chown(at("").c_str(), 100000, 100000), 0);
    ASSERT_EQ(::chown(host("/file").c_str(), 7, 8), 0);
    MountPlan plan;
    plan.mounts.push_back({.mount = make_mount("/data", "none", host(), {"rbind", "ridmap"})});
    prepare_mounts(plan, bundle(), {.uid_mappings = kMappings, .gid_mappings = kMappings}, true);
    enter_user_namespace();
    (void)apply_mounts(plan, root(), bundle(), "");
    struct stat status {};
    ASSERT_EQ(::stat(at("/data/file").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 7u);
    EXPECT_EQ(status.st_gid, 8u);
  });
}

TEST_F(MountsTest, RidmapMapsTheWholeTree) {
  run([&] {
    make_directories(host("/sub"), 0755);
    ASSERT_EQ(::mount("s", host("/sub").c_str(), "tmpfs", 0, nullptr), 0);
    const auto owner_below = [&](const std::string& option) {
      oci::Mount mount = make_mount("/" + option, "none", host(), {"rbind", option});
      mount.uid_mappings = mount.gid_mappings = {{0, 5000, 1}};
      MountPlan plan;
      plan.mounts.push_back({.mount = mount});
      prepare_mounts(plan, bundle(), {}, false);
      (void)apply_mounts(plan, root(), bundle(), "");
      struct stat status {};
      EXPECT_EQ(::stat(at("/" + option + "/sub").c_str(), &status), 0);
      return status.st_uid;
    };
    EXPECT_EQ(owner_below("idmap"), 0u);
    EXPECT_EQ(owner_below("ridmap"), 5000u);
  });
}

TEST_F(MountsTest, IdMappedFilesystemIsPrepared) {
  run([&] {
    oci::Mount mount = make_mount("/data", "tmpfs", "t", {"idmap", "mode=755"});
    mount.uid_mappings = mount.gid_mappings = {{0, 5000, 1}};
    MountPlan plan;
    plan.mounts.push_back({.mount = mount});
    prepare_mounts(plan, bundle(), {}, false);
    (void)apply_mounts(plan, root(), bundle(), "");
    struct stat status {};
    ASSERT_EQ(::stat(at("/data").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 5000u);
  });
}

TEST_F(MountsTest, IdmapErrorsAreTold) {
  run([&] {
    MountPlan plan;
    plan.mounts.push_back({.mount = make_mount("/data", "none", host(), {"bind", "idmap"})});
    EXPECT_EQ(
        error_of([&] { prepare_mounts(plan, bundle(), {}, false); }),
        "mount /data: the option idmap needs uidMappings and gidMappings, or a user namespace");
    oci::Mount procfs = make_mount("/data", "none", "/proc", {"bind", "idmap"});
    procfs.uid_mappings = procfs.gid_mappings = {{0, 5000, 1}};
    plan.mounts[0].mount = procfs;
    EXPECT_EQ(error_of([&] { prepare_mounts(plan, bundle(), {}, false); }),
              "mount /data: its filesystem can't be mounted with mapped ids");
  });
}

TEST_F(MountsTest, DevptsWithAnUnmappedGroupIsExplained) {
  run([&] {
    ASSERT_EQ(::chown(at("").c_str(), 100000, 100000), 0);
    const std::vector<oci::IdMapping> one{{0, 100000, 1}};
    ASSERT_EQ(::setns(make_user_namespace(one, one).get(), CLONE_NEWUSER), 0);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::setresgid(0, 0, 0), 0);
    ASSERT_EQ(::setresuid(0, 0, 0), 0);
    EXPECT_EQ(error_of([&] { (void)apply({make_mount("/pts", "devpts", "devpts", {"gid=5"})}); }),
              "mount /pts (devpts): devpts: Invalid gid '5' (the user namespace must map it)");
  });
}

}  // namespace
}  // namespace gocker
