// Containers without a mount namespace of their own: "the container MUST inherit the runtime
// namespace of that type" (config-linux.md, "Namespaces"). Their mounts are the runtime's then, for
// as long as the container is there; that nothing is left is checked after every test.
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/namespace_holder.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class SharedMountNamespace : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (!Runtime::is_gocker()) GTEST_SKIP() << "runc refuses it, older crun leaves its mounts";
    box.bundle.remove_namespace("mount");
  }
  size_t mounts_below_rootfs() const {
    std::ifstream file("/proc/self/mountinfo");
    size_t count = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.find(' ' + box.bundle.rootfs()) != std::string::npos) ++count;
    }
    return count;
  }
};

TEST_F(SharedMountNamespace, RootIsAllThatIsSeen) {
  EXPECT_EQ(box.attempt({{"list", "/"}, {"stat", "/dev/null"}}),
            (Words{"dev etc inside proc run sys tmp", "char 0666 0:0 1:3"}));
}

TEST_F(SharedMountNamespace, MountsAreTheRuntimesUntilDelete) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  EXPECT_EQ(namespace_of(box.pid(), "mnt"), own_namespace("mnt"));
  EXPECT_GE(mounts_below_rootfs(), 4U);
  ASSERT_TRUE(succeeds(box.kill("KILL")));
  ASSERT_TRUE(box.wait_for_status("stopped"));
  ASSERT_TRUE(succeeds(box.remove()));
  EXPECT_EQ(mounts_below_rootfs(), 0U);
}

TEST_F(SharedMountNamespace, MountsOfOthersStay) {
  const std::string root = box.bundle.rootfs();
  ASSERT_EQ(::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount(nullptr, root.c_str(), nullptr, MS_SHARED, nullptr), 0);
  EXPECT_EQ(box.attempt({{"list", "/"}}), Words{"dev etc inside proc run sys tmp"});
  EXPECT_EQ(mounts_below_rootfs(), 1U);
  ::umount2(root.c_str(), MNT_DETACH);
}

TEST_F(SharedMountNamespace, PathsAreMaskedAndReadOnly) {
  std::ofstream(box.bundle.rootfs("/etc/secret")) << "secret";
  box.config().set("/root/readonly", true);
  box.config().set("/linux/maskedPaths", Words{"/etc/secret"});
  box.config().set("/linux/readonlyPaths", Words{"/proc/sys"});
  box.config().set("/linux/rootfsPropagation", "private");
  EXPECT_EQ(box.attempt({{"read", "/etc/secret"},
                         {"write", "/proc/sys/kernel/domainname", "x"},
                         {"create", "/new", ""}}),
            (Words{"", "EROFS", "EROFS"}));
  EXPECT_TRUE(static_cast<bool>(std::ofstream(box.bundle.rootfs("/from-host"))));
}

TEST_F(SharedMountNamespace, ExecIsBelowTheSameRoot) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  const Outcome outcome =
      runtime.call({"exec", box.id(), "/inside", "try", "list", "/", "--", "stat", "/proc/1/root"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out).texts().front(), "dev etc inside proc run sys tmp");
}

TEST_F(SharedMountNamespace, FailedCreateLeavesNothing) {
  box.bundle.set_command({"sleep"});
  box.config().set("/process/args", Words{"/not-there"});
  EXPECT_TRUE(fails_with(box.create(), "create container .*not-there"));
  EXPECT_EQ(mounts_below_rootfs(), 0U);
}

TEST_F(SharedMountNamespace, UserNamespaceIsRefused) {
  box.bundle.use_user_namespace();
  EXPECT_TRUE(fails_with(box.create(), "/linux/namespaces: no mount namespace: a user namespace"));
}

TEST_F(SharedMountNamespace, HostsRootIsRefused) {
  box.config().set("/root/path", "/");
  EXPECT_TRUE(fails_with(box.create(), "root filesystem .*needs a mount namespace"));
}

TEST_F(SharedMountNamespace, IsAWarningThatStrictRefuses) {
  box.bundle.write_config();
  const Outcome strict =
      runtime.call({"--strict", "create", "--bundle", box.bundle.path(), box.id()});
  EXPECT_TRUE(fails_with(strict, "/linux/namespaces: no mount namespace"));
  const Outcome examined = runtime.call({"check", "--bundle", box.bundle.path()});
  EXPECT_NE(examined.out.find("/linux/namespaces: no mount namespace"), std::string::npos)
      << examined.out;
}

}  // namespace
}  // namespace gocker::test
