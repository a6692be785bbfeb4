// User namespaces (config-linux.md, "User namespace mappings"): container root is 100000 outside.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class IdMap : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (!IsSkipped()) box.bundle.use_user_namespace();
  }
  static uid_t owner_of(const std::string& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_uid : static_cast<uid_t>(-1);
  }
};

TEST_F(IdMap, RootInsideIsAnotherUserOutside) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  EXPECT_EQ(owner_of("/proc/" + std::to_string(box.pid())), 100000U);
}

TEST_F(IdMap, RootInsideIsZero) {
  const Value report = box.report();
  EXPECT_EQ(report["/uid"], 0);
  EXPECT_EQ(report["/gid"], 0);
  EXPECT_EQ(report["/groups"].size(), 0U);
}

TEST_F(IdMap, FilesOfTheContainerBelongToTheMappedUser) {
  EXPECT_EQ(box.attempt({{"create", "/tmp/file", "text"}, {"stat", "/tmp/file"}}),
            (Words{"ok", "file 0644 0:0"}));
  EXPECT_EQ(owner_of(box.bundle.rootfs("/tmp/file")), 100000U);
}

TEST_F(IdMap, OtherUserIsMappedToo) {
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1001, "additionalGids": [5, 6]})"_json);
  const Value report = box.report();
  EXPECT_EQ(report["/uid"], 1000);
  EXPECT_EQ(report["/gid"], 1001);
  EXPECT_EQ(report["/groups"], "[5, 6]"_json);
  EXPECT_EQ(box.attempt({{"create", "/tmp/theirs", ""}}), Words{"ok"});
  EXPECT_EQ(owner_of(box.bundle.rootfs("/tmp/theirs")), 101000U);
}

TEST_F(IdMap, UnmappedOwnersAreNobody) {
  std::ofstream(box.bundle.rootfs("/etc/foreign")) << "x";
  EXPECT_EQ(box.attempt({{"stat", "/etc/foreign"}, {"write", "/etc/foreign", "y"}}),
            (Words{"file 0644 65534:65534", "EACCES"}));
}

TEST_F(IdMap, SeveralRangesAreMapped) {
  const Value mapping = R"([{"containerID": 0, "hostID": 100000, "size": 10},
                            {"containerID": 10, "hostID": 200000, "size": 100}])"_json;
  box.config().set("/linux/uidMappings", mapping);
  box.config().set("/linux/gidMappings", mapping);
  box.config().set("/process/user", R"({"uid": 12, "gid": 12})"_json);
  EXPECT_EQ(box.attempt({{"create", "/tmp/file", ""}}), Words{"ok"});
  EXPECT_EQ(owner_of(box.bundle.rootfs("/tmp/file")), 200002U);
}

TEST_F(IdMap, DefaultDevicesWork) {
  const Words answers = box.attempt({{"write", "/dev/null", "x"},
                                     {"open", "/dev/zero", "r"},
                                     {"open", "/dev/full", "w"},
                                     {"open", "/dev/random", "r"},
                                     {"open", "/dev/urandom", "r"},
                                     {"stat", "/dev/tty"}});
  EXPECT_EQ(Words(answers.begin(), answers.end() - 1), (Words{"ok", "ok", "ok", "ok", "ok"}));
  EXPECT_TRUE(answers.back().starts_with("char 0666")) << answers.back();
}

TEST_F(IdMap, ConfiguredDeviceIsThere) {
  box.config().append("/linux/devices",
                      R"({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229})"_json);
  box.config().append(
      "/linux/resources/devices",
      R"({"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"})"_json);
  const Value device = device_at(box.report(), "/dev/fuse");
  EXPECT_EQ(device["/type"], "char");
  EXPECT_EQ(device["/major"], 10);
  EXPECT_EQ(device["/minor"], 229);
}

TEST_F(IdMap, MountsOfTheDefaultConfigurationAreThere) {
  box.bundle.add_mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777"});
  box.bundle.add_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
  const Value report = box.report();
  EXPECT_EQ(mount_at(report, "/proc")["/type"], "proc");
  EXPECT_EQ(mount_at(report, "/sys")["/type"], "sysfs");
  EXPECT_EQ(mount_at(report, "/dev")["/type"], "tmpfs");
  EXPECT_EQ(mount_at(report, "/dev/pts")["/type"], "devpts");
  EXPECT_EQ(mount_at(report, "/dev/mqueue")["/type"], "mqueue");
  EXPECT_TRUE(has_super_option(mount_at(report, "/dev/pts"), "gid=100005"));
}

TEST_F(IdMap, CgroupMountIsThere) {
  box.bundle.set_namespace("cgroup");
  box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup",
                       {"nosuid", "noexec", "nodev", "relatime", "ro"});
  const Value report = box.report();
  EXPECT_FALSE(mount_at(report, "/sys/fs/cgroup").is_null());
  if (!cgroups_are_unified() && has_controller("memory")) {
    EXPECT_FALSE(mount_at(report, "/sys/fs/cgroup/memory").is_null());
  }
}

TEST_F(IdMap, MaskedAndReadOnlyPathsHold) {
  box.config().set("/linux/maskedPaths", Words{"/proc/keys", "/proc/acpi"});
  box.config().set("/linux/readonlyPaths", Words{"/proc/sys"});
  EXPECT_EQ(box.attempt({{"read", "/proc/keys"}, {"list", "/proc/acpi"}}), (Words{"", ""}));
  EXPECT_TRUE(has_option(mount_at(box.report(), "/proc/sys"), "ro"));
}

// A sysfs of the host's network namespace cannot be mounted, so engines bind the host's /sys.
TEST_F(IdMap, HostNetworkWorks) {
  box.bundle.remove_namespace("network");
  box.config().remove("/mounts/3");
  box.bundle.add_mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
  const Value report = box.report();
  EXPECT_EQ(report["/uid"], 0);
  EXPECT_NE(mount_at(report, "/sys"), Value());
}

TEST_F(IdMap, BindMountIsSeenWithItsOwner) {
  std::filesystem::create_directory(path("volume"));
  ASSERT_EQ(::chown(path("volume").c_str(), 100007, 100007), 0);
  box.bundle.add_mount("/volume", "none", path("volume"), {"bind", "nosuid"});
  EXPECT_EQ(box.attempt({{"stat", "/volume"}}), Words{"directory 0755 7:7"});
}

// Stores are closed to others (0700), and the mapped root is one of them.
TEST_F(IdMap, BundleBehindAClosedDirectoryWorks) {
  KNOWN_GAP(kRunc, "it opens the root file system as the mapped user");
  ASSERT_EQ(::chmod(path("").c_str(), 0700), 0);
  EXPECT_EQ(box.report()["/uid"], 0);
}

TEST_F(IdMap, BindSourceBehindAClosedDirectoryWorks) {
  KNOWN_GAP(kRunc, "it opens only those sources as root that it may not open otherwise");
  std::filesystem::create_directories(path("closed/volume"));
  ASSERT_EQ(::chmod(path("closed").c_str(), 0700), 0);
  box.bundle.add_mount("/volume", "none", path("closed/volume"), {"bind"});
  EXPECT_EQ(box.attempt({{"list", "/volume"}}), Words{""});
}

TEST_F(IdMap, CapabilitiesAreThoseOfTheNamespace) {
  box.config().append("/process/capabilities/bounding", "CAP_SYS_ADMIN");
  box.config().append("/process/capabilities/permitted", "CAP_SYS_ADMIN");
  box.config().append("/process/capabilities/effective", "CAP_SYS_ADMIN");
  EXPECT_EQ(
      box.attempt({{"sethostname", "renamed"}, {"mount-tmpfs", "/tmp"}, {"syscall", "swapoff"}}),
      (Words{"ok", "ok", "EPERM"}));
}

}  // namespace
}  // namespace gocker::test
