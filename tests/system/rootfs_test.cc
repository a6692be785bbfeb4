// The root file system: pivot, read-only, masked and read-only paths, propagation.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Rootfs : public SystemTest {
 protected:
  // Puts the rootfs onto a tmpfs of its own that is shared on the host.
  void move_to_shared_mount() {
    const std::string root = box.bundle.rootfs();
    fs::rename(root, root + ".old");
    fs::create_directory(root);
    ASSERT_EQ(::mount("tmpfs", root.c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_EQ(::mount(nullptr, root.c_str(), nullptr, MS_SHARED, nullptr), 0);
    fs::copy(root + ".old", root, fs::copy_options::recursive);
  }
  void TearDown() override {
    ::umount2(box.bundle.rootfs().c_str(), MNT_DETACH);
    SystemTest::TearDown();
  }
  std::string propagation_of_root() {
    std::string all;
    for (const std::string& field : mount_at(box.report(), "/")["/propagation"].texts()) {
      all += field.substr(0, field.find(':')) + " ";
    }
    return all;
  }
};

TEST_F(Rootfs, IsAllThatIsSeen) {
  const Words answers = box.attempt({{"list", "/"}, {"stat", "/.."}});
  EXPECT_EQ(answers[0], "dev etc inside proc run sys tmp");
}

TEST_F(Rootfs, NoMountOfTheHostIsSeen) {
  const Value report = box.report();
  EXPECT_EQ(report["/mounts"].size(), 5U) << report["/mounts"].dump();
}

TEST_F(Rootfs, IsWritableByDefault) {
  EXPECT_EQ(box.attempt({{"create", "/new", "x"}}), Words{"ok"});
  EXPECT_TRUE(fs::exists(box.bundle.rootfs("/new")));
}

TEST_F(Rootfs, MayBeReadOnly) {
  box.config().set("/root/readonly", true);
  box.bundle.add_mount("/tmp", "tmpfs", "tmpfs", {});
  EXPECT_EQ(box.attempt({{"create", "/new", "x"}, {"mkdir", "/d"}, {"create", "/tmp/new", "x"}}),
            (Words{"EROFS", "EROFS", "ok"}));
}

TEST_F(Rootfs, ReadOnlyRootGetsItsMountPointsAllTheSame) {
  box.config().set("/root/readonly", true);
  box.bundle.add_mount("/made/for/this", "tmpfs", "tmpfs", {});
  EXPECT_EQ(box.attempt({{"create", "/made/for/this/new", "x"}}), Words{"ok"});
}

TEST_F(Rootfs, ReadOnlyRootLeavesTheHostsMountWritable) {
  box.config().set("/root/readonly", true);
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  EXPECT_TRUE(static_cast<bool>(std::ofstream(box.bundle.rootfs("/from-host"))));
}

TEST_F(Rootfs, PathMayBeAbsolute) {
  box.config().set("/root/path", box.bundle.rootfs());
  EXPECT_EQ(box.attempt({{"list", "/"}}), Words{"dev etc inside proc run sys tmp"});
}

TEST_F(Rootfs, MayLieAnywhere) {
  fs::rename(box.bundle.rootfs(), path("elsewhere"));
  box.config().set("/root/path", path("elsewhere"));
  EXPECT_EQ(box.attempt({{"stat", "/inside"}}), Words{"file 0755 0:0"});
}

// Where the host's root is an initramfs there is nothing to pivot.
TEST_F(Rootfs, NoPivotWorks) {
  box.bundle.set_command({"try", "list", "/", "--", "stat", "/dev/null"});
  const Outcome outcome = box.run({"--no-pivot"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(Value::parse(outcome.out),
            Value(Words{"dev etc inside proc run sys tmp", "char 0666 0:0 1:3"}));
}

TEST_F(Rootfs, MaskedFileIsEmptyAndCannotBeWritten) {
  std::ofstream(box.bundle.rootfs("/etc/secret")) << "secret";
  box.config().set("/linux/maskedPaths", Words{"/etc/secret", "/proc/keys"});
  EXPECT_EQ(box.attempt({{"read", "/etc/secret"}, {"read", "/proc/keys"}}), (Words{"", ""}));
  std::string text;
  std::getline(std::ifstream(box.bundle.rootfs("/etc/secret")), text);
  EXPECT_EQ(text, "secret");
}

TEST_F(Rootfs, MaskedDirectoryIsEmptyAndCannotBeWritten) {
  fs::create_directory(box.bundle.rootfs("/etc/secrets"));
  std::ofstream(box.bundle.rootfs("/etc/secrets/key")) << "secret";
  box.config().set("/linux/maskedPaths", Words{"/etc/secrets", "/sys/firmware"});
  EXPECT_EQ(box.attempt({{"list", "/etc/secrets"},
                         {"create", "/etc/secrets/new", ""},
                         {"list", "/sys/firmware"}}),
            (Words{"", "EROFS", ""}));
}

TEST_F(Rootfs, MaskedPathThatIsAbsentIsIgnored) {
  box.config().set("/linux/maskedPaths", Words{"/not/there"});
  EXPECT_EQ(box.attempt({{"stat", "/not"}}), Words{"ENOENT"});
}

TEST_F(Rootfs, ReadOnlyPathsCannotBeWritten) {
  std::ofstream(box.bundle.rootfs("/etc/file")) << "x";
  box.config().set("/linux/readonlyPaths", Words{"/etc/file", "/run", "/proc/sys", "/not/there"});
  EXPECT_EQ(box.attempt({{"open", "/etc/file", "w"},
                         {"create", "/run/new", ""},
                         {"write", "/proc/sys/kernel/domainname", "x"},
                         {"create", "/tmp/new", ""},
                         {"read", "/etc/file"}}),
            (Words{"EROFS", "EROFS", "EROFS", "ok", "x"}));
}

TEST_F(Rootfs, ReadOnlyPathKeepsItsFlags) {
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"nosuid", "nodev", "noexec"});
  box.config().set("/linux/readonlyPaths", Words{"/volume"});
  const Value mount = mount_at(box.report(), "/volume");
  for (const char* option : {"ro", "nosuid", "nodev", "noexec"}) {
    EXPECT_TRUE(has_option(mount, option)) << mount;
  }
}

TEST_F(Rootfs, PropagationIsPrivateWhereAsked) {
  move_to_shared_mount();
  box.config().set("/linux/rootfsPropagation", "private");
  EXPECT_EQ(propagation_of_root(), "");
}

TEST_F(Rootfs, PropagationIsSharedWhereAsked) {
  KNOWN_GAP(kRunc, "it sets the propagation of the host's root, not of the container's");
  box.config().set("/linux/rootfsPropagation", "shared");
  EXPECT_EQ(propagation_of_root(), "shared ");
}

TEST_F(Rootfs, PropagationIsSlaveWhereAsked) {
  KNOWN_GAP(kRunc, "it sets the propagation of the host's root, not of the container's");
  move_to_shared_mount();
  box.config().set("/linux/rootfsPropagation", "slave");
  EXPECT_EQ(propagation_of_root(), "master ");
}

TEST_F(Rootfs, PropagationIsUnbindableWhereAsked) {
  KNOWN_GAP(kRunc, "it sets the propagation of the host's root, not of the container's");
  box.config().set("/linux/rootfsPropagation", "unbindable");
  EXPECT_EQ(propagation_of_root(), "unbindable ");
}

// Where the host's mounts are shared, as systemd makes them, none of the container's may show.
TEST_F(Rootfs, MountsDoNotReachASharedHost) {
  ASSERT_EQ(::mount(path("").c_str(), path("").c_str(), nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(::mount(nullptr, path("").c_str(), nullptr, MS_SHARED, nullptr), 0);
  const auto mounts = [] {
    std::ifstream file("/proc/self/mountinfo");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = mounts();
  box.bundle.set_command({"sleep"});
  EXPECT_TRUE(succeeds(box.run({"--detach"})));
  EXPECT_EQ(mounts(), before);
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_EQ(mounts(), before);
  ::umount2(path("").c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace gocker::test
