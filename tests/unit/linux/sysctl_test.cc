#include "runtime/linux/sysctl.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/linux/capabilities.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

constexpr uint64_t kOwnNamespaces = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;

class Sysctl : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

std::string value_of(const std::string& path) {
  return read_file("/proc/sys/" + path);
}

TEST_F(Sysctl, PrivateProcfsIsAttachedNowhere) {
  in_mount_namespace([] {
    const size_t mounts = mount_table().size();
    const Fd procfs = open_private_procfs();
    struct statfs filesystem {};
    ASSERT_EQ(::fstatfs(procfs.get(), &filesystem), 0);
    EXPECT_EQ(filesystem.f_type, PROC_SUPER_MAGIC);
    EXPECT_EQ(mount_table().size(), mounts);
    EXPECT_NE(read_file_at(procfs, "self/status").find("\nPid:\t" + std::to_string(::getpid())),
              std::string::npos);
  });
}

TEST_F(Sysctl, PrivateProcfsIsThatOfTheCallersPidNamespace) {
  in_child([] {
    const std::optional<Child> child = clone_child(CLONE_NEWPID | CLONE_NEWNS, Fd());
    if (!child) {
      const Fd procfs = open_private_procfs();
      const bool first =
          read_file_at(procfs, "self/status").find("\nPid:\t1\n") != std::string::npos;
      exit_now(first ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child->pid(), &status, 0);
    EXPECT_EQ(status, 0);
  });
}

TEST_F(Sysctl, SetsBothSpellings) {
  in_mount_namespace(
      [] {
        const Fd procfs = open_private_procfs();
        set_sysctls(procfs, {{"kernel.domainname", "dots"}, {"net.ipv4.ip_forward", "1"}});
        EXPECT_EQ(value_of("kernel/domainname"), "dots\n");
        EXPECT_EQ(value_of("net/ipv4/ip_forward"), "1\n");
        set_sysctls(procfs, {{"kernel/domainname", "slashes"}, {"net/ipv4/ip_forward", "0"}});
        EXPECT_EQ(value_of("kernel/domainname"), "slashes\n");
        EXPECT_EQ(value_of("net/ipv4/ip_forward"), "0\n");
      },
      kOwnNamespaces);
}

TEST_F(Sysctl, InterfacesWithADotCanBeNamed) {
  in_mount_namespace(
      [] {
        // A network namespace has "lo"; renaming it gives a name with a dot.
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const Command rename{.path = "/sbin/ip",
                             .args = {"ip", "link", "add", "dummy0.1", "type", "dummy"}};
        if (::access("/sbin/ip", X_OK) != 0 || run_command(rename).wait_status != 0) {
          GTEST_SKIP() << "no dummy interfaces here";
        }
        const Fd procfs = open_private_procfs();
        const std::string path = "net/ipv4/conf/dummy0.1/forwarding";
        set_sysctls(procfs, {{"net/ipv4/conf/dummy0.1/forwarding", "1"}});
        EXPECT_EQ(value_of(path), "1\n");
        set_sysctls(procfs, {{"net.ipv4.conf.dummy0/1.forwarding", "0"}});
        EXPECT_EQ(value_of(path), "0\n");
      },
      kOwnNamespaces);
}

TEST_F(Sysctl, ErrorsNameTheParameter) {
  in_mount_namespace(
      [] {
        const Fd procfs = open_private_procfs();
        EXPECT_EQ(error_of([&] {
                    set_sysctls(procfs, {{"net.ipv4.nothing", "1"}});
                  }),
                  "set sysctl net.ipv4.nothing: open net/ipv4/nothing: No such file or directory");
        EXPECT_EQ(error_of([&] {
                    set_sysctls(procfs, {{"net.ipv4.ip_forward", "much"}});
                  }),
                  "set sysctl net.ipv4.ip_forward: write much: Invalid argument");
      },
      kOwnNamespaces);
}

TEST_F(Sysctl, NothingOutsideOfProcSysIsReached) {
  in_mount_namespace(
      [] {
        const Fd procfs = open_private_procfs();
        for (const char* name : {"../self/oom_score_adj", "kernel/../../self/oom_score_adj",
                                 "/proc/self/oom_score_adj", "./../self/oom_score_adj"}) {
          EXPECT_THROW(set_sysctls(procfs, {{name, "7"}}), Error) << name;
        }
        EXPECT_NE(read_file("/proc/self/oom_score_adj"), "7\n");
      },
      kOwnNamespaces);
}

TEST_F(Sysctl, AnOvermountIsNeitherWrittenNorBelieved) {
  in_mount_namespace(
      [] {
        const TempDir dir;
        make_file(dir.path() + "/fake", "fake");
        ASSERT_EQ(::mount((dir.path() + "/fake").c_str(), "/proc/sys/kernel/domainname", nullptr,
                          MS_BIND, nullptr),
                  0);
        set_sysctls(open_private_procfs(), {{"kernel.domainname", "real"}});
        EXPECT_EQ(content_of(dir.path() + "/fake"), "fake");
        EXPECT_EQ(read_file_at(open_private_procfs(), "sys/kernel/domainname"), "real\n");
        // Where only the mounted /proc can be had, it is an error.
        const Fd mounted = open_directory("/proc");
        EXPECT_EQ(error_of([&] {
                    set_sysctls(mounted, {{"kernel.domainname", "x"}});
                  }),
                  "set sysctl kernel.domainname: open kernel/domainname: "
                  "Invalid cross-device link");
        ::umount2("/proc/sys/kernel/domainname", MNT_DETACH);
      },
      kOwnNamespaces);
}

TEST_F(Sysctl, FallsBackToTheMountedProcfsAndChecksIt) {
  in_mount_namespace([] {
    set_capabilities({}, 0);  // neither fsopen(2) nor open_tree(2) with a clone
    const Fd procfs = open_private_procfs();
    struct statfs filesystem {};
    ASSERT_EQ(::fstatfs(procfs.get(), &filesystem), 0);
    EXPECT_EQ(filesystem.f_type, PROC_SUPER_MAGIC);
  });
  in_mount_namespace([] {
    ASSERT_EQ(::mount("fake", "/proc", "tmpfs", 0, nullptr), 0);
    set_capabilities({}, 0);
    EXPECT_EQ(error_of([] { open_private_procfs(); }), "open a private procfs: /proc is no procfs");
  });
  in_mount_namespace([] {
    ASSERT_EQ(::mount("/proc/sys", "/proc", nullptr, MS_BIND, nullptr), 0);  // procfs, not its root
    set_capabilities({}, 0);
    EXPECT_EQ(error_of([] { open_private_procfs(); }), "open a private procfs: /proc is no procfs");
  });
}

}  // namespace
}  // namespace gocker
