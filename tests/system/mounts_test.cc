// Mounts: types, options and propagation (config.md, "Mounts").
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/docker_config.h"
#include "tests/system/host_tmpfs.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Mounts : public SystemTest {
 protected:
  // A directory on the host with a file in it.
  std::string make_volume(const std::string& name = "volume") {
    fs::create_directories(path(name));
    std::ofstream(path(name) + "/file") << "content";
    return path(name);
  }
  // Binds a volume to /volume with the options.
  void bind_volume(Words options, const std::string& kind = "bind") {
    options.insert(options.begin(), kind);
    box.bundle.add_mount("/volume", "none", make_volume(), options);
  }
  void allow_mounting() {
    for (const char* set : {"bounding", "permitted", "effective"}) {
      box.config().append(std::string("/process/capabilities/") + set, "CAP_SYS_ADMIN");
    }
  }
};

TEST_F(Mounts, ThoseOfTheDefaultSpecAreThere) {
  box.bundle.add_mount("/dev/shm", "tmpfs", "shm",
                       {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"});
  box.bundle.add_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
  box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup",
                       {"nosuid", "noexec", "nodev", "relatime", "ro"});
  const Value report = box.report();
  EXPECT_EQ(mount_at(report, "/proc")["/type"], "proc");
  EXPECT_EQ(mount_at(report, "/dev")["/type"], "tmpfs");
  EXPECT_EQ(mount_at(report, "/dev/pts")["/type"], "devpts");
  EXPECT_EQ(mount_at(report, "/dev/shm")["/type"], "tmpfs");
  EXPECT_EQ(mount_at(report, "/dev/mqueue")["/type"], "mqueue");
  EXPECT_EQ(mount_at(report, "/sys")["/type"], "sysfs");
  EXPECT_TRUE(has_options(mount_at(report, "/dev"), {"rw", "nosuid"}));
  EXPECT_FALSE(has_option(mount_at(report, "/dev"), "relatime"));  // strictatime
  EXPECT_TRUE(has_options(mount_at(report, "/dev/pts"), {"rw", "nosuid", "noexec"}));
  EXPECT_TRUE(has_options(mount_at(report, "/dev/shm"), {"rw", "nosuid", "noexec", "nodev"}));
  EXPECT_TRUE(has_options(mount_at(report, "/sys"), {"ro", "nosuid", "noexec", "nodev"}));
  EXPECT_TRUE(has_option(mount_at(report, "/sys/fs/cgroup"), "nosuid"));
}

TEST_F(Mounts, SourceAndFileSystemOptionsReachTheKernel) {
  box.bundle.add_mount("/volume", "tmpfs", "a-name", {"size=1024k", "nr_inodes=77"});
  const Value mount = mount_at(box.report(), "/volume");
  EXPECT_EQ(mount["/source"], "a-name");
  EXPECT_TRUE(has_super_option(mount, "size=1024k"));
  EXPECT_TRUE(has_super_option(mount, "nr_inodes=77"));
}

TEST_F(Mounts, TmpfsHasTheWantedMode) {
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"mode=0710"});
  EXPECT_EQ(box.attempt({{"stat", "/volume"}}), Words{"directory 0710 0:0"});
}

TEST_F(Mounts, WantedModeBeatsThatOfTheDirectoryBelow) {
  KNOWN_GAP(kRunc, "it gives a tmpfs the mode of the directory below, against the option");
  fs::create_directories(box.bundle.rootfs("/volume"));
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"mode=0710"});
  EXPECT_EQ(box.attempt({{"stat", "/volume"}}), Words{"directory 0710 0:0"});
}

TEST_F(Mounts, TmpfsIsEmptyAndWritable) {
  fs::create_directories(box.bundle.rootfs("/volume"));
  std::ofstream(box.bundle.rootfs("/volume/below")) << "x";
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {});
  EXPECT_EQ(box.attempt({{"list", "/volume"}, {"create", "/volume/new", "x"}}), (Words{"", "ok"}));
  EXPECT_FALSE(fs::exists(box.bundle.rootfs("/volume/new")));
}

TEST_F(Mounts, DevptsIsAnInstanceOfItsOwn) {
  const Words answers =
      box.attempt({{"list", "/dev/pts"}, {"stat", "/dev/ptmx"}, {"open", "/dev/ptmx", "rw"}});
  EXPECT_EQ(answers[0], "ptmx");
  EXPECT_TRUE(answers[1].ends_with(" pts/ptmx") || answers[1].starts_with("char 0666"))
      << answers[1];
  EXPECT_EQ(answers[2], "ok");
}

TEST_F(Mounts, AreMadeInTheListedOrder) {
  const std::string volume = make_volume();
  box.bundle.add_mount("/a", "tmpfs", "outer", {});
  box.bundle.add_mount("/a/b", "tmpfs", "inner", {});
  box.bundle.add_mount("/a/b", "none", volume, {"bind"});
  const Value report = box.report();
  EXPECT_EQ(mount_at(report, "/a")["/source"], "outer");
  EXPECT_EQ(box.attempt({{"read", "/a/b/file"}}), Words{"content"});
}

TEST_F(Mounts, MissingDestinationIsMade) {
  box.bundle.add_mount("/not/yet/there", "none", make_volume(), {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/not/yet/there/file"}, {"stat", "/not/yet"}}),
            (Words{"content", "directory 0755 0:0"}));
}

TEST_F(Mounts, FileIsBoundToAFileThatIsMade) {
  box.bundle.add_mount("/etc/deep/resolv.conf", "none", make_volume() + "/file", {"bind", "ro"});
  EXPECT_EQ(
      box.attempt({{"read", "/etc/deep/resolv.conf"}, {"open", "/etc/deep/resolv.conf", "w"}}),
      (Words{"content", "EROFS"}));
}

TEST_F(Mounts, SourceMayBeRelativeToTheBundle) {
  fs::create_directories(box.bundle.path() + "/data");
  std::ofstream(box.bundle.path() + "/data/file") << "relative";
  box.bundle.add_mount("/volume", "none", "data", {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}}), Words{"relative"});
}

TEST_F(Mounts, RelativeDestinationStartsAtTheRoot) {
  box.config().set("/process/cwd", "/tmp");
  box.bundle.add_mount("volume", "none", make_volume(), {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}}), Words{"content"});
}

TEST_F(Mounts, BindMountIsWritableAndTheHosts) {
  bind_volume({});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}, {"create", "/volume/new", "from inside"}}),
            (Words{"content", "ok"}));
  std::string text;
  std::getline(std::ifstream(path("volume/new")), text);
  EXPECT_EQ(text, "from inside");
}

TEST_F(Mounts, TypeBindWithoutTheOptionIsABind) {
  box.bundle.add_mount("/volume", "bind", make_volume(), {"rbind"});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}}), Words{"content"});
}

TEST_F(Mounts, ReadOnlyBindCannotBeWritten) {
  bind_volume({"ro"});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}, {"create", "/volume/new", ""}}),
            (Words{"content", "EROFS"}));
}

TEST_F(Mounts, NoexecBindExecutesNothing) {
  bind_volume({"noexec"});
  fs::copy_file(inside_program(), path("volume/program"));
  EXPECT_EQ(box.attempt({{"exec", "/volume/program", "try", "euid"}}), Words{"EACCES"});
}

TEST_F(Mounts, NosuidBindGivesNoRights) {
  box.config().set("/process/noNewPrivileges", false);
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  for (const bool nosuid : {false, true}) {
    Container& container = add_container();
    container.config() = box.config();
    container.config().set("/linux/cgroupsPath", container.cgroups_path());
    const std::string volume = make_volume(nosuid ? "one" : "two");
    fs::copy_file(inside_program(), volume + "/program");
    ASSERT_EQ(::chmod((volume + "/program").c_str(), 04755), 0);
    container.bundle.add_mount("/volume", "none", volume,
                               nosuid ? Words{"bind", "nosuid"} : Words{"bind"});
    const Words answers = container.attempt({{"exec", "/volume/program", "try", "euid"}});
    EXPECT_EQ(answers[0], nosuid ? "[\"1000\"]\n" : "[\"0\"]\n");
  }
}

TEST_F(Mounts, NodevBindOpensNoDevice) {
  ASSERT_EQ(::mkdir(path("volume").c_str(), 0755), 0);
  ASSERT_EQ(::mknod(path("volume/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  bind_volume({"nodev"});
  EXPECT_EQ(box.attempt({{"open", "/volume/null", "r"}}), Words{"EACCES"});
}

// A bind keeps what its source has unless an option says otherwise: mount(8), "Bind mount".
TEST_F(Mounts, BindKeepsTheFlagsOfItsSource) {
  KNOWN_GAP(kRunc, "its remount drops the flags that are not named");
  const HostTmpfs source(path("source"), MS_NOSUID | MS_NODEV | MS_NOEXEC);
  box.bundle.add_mount("/volume", "none", source.point(), {"bind", "ro"});
  EXPECT_TRUE(has_options(mount_at(box.report(), "/volume"), {"ro", "nosuid", "nodev", "noexec"}));
}

TEST_F(Mounts, OppositeOptionsClearTheFlagsOfTheSource) {
  KNOWN_GAP(kRunc, "it remounts only where a flag is to be set");
  const HostTmpfs source(path("source"), MS_NOSUID | MS_NODEV | MS_NOEXEC);
  box.bundle.add_mount("/volume", "none", source.point(), {"bind", "suid", "dev", "exec"});
  const Value mount = mount_at(box.report(), "/volume");
  EXPECT_TRUE(has_option(mount, "rw")) << mount;
  for (const char* option : {"nosuid", "nodev", "noexec"}) EXPECT_FALSE(has_option(mount, option));
}

TEST_F(Mounts, LaterOptionWins) {
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"ro", "nosuid", "rw", "suid"});
  const Value mount = mount_at(box.report(), "/volume");
  EXPECT_TRUE(has_option(mount, "rw"));
  EXPECT_FALSE(has_option(mount, "nosuid"));
}

TEST_F(Mounts, BindLeavesSubmountsOutAndRbindTakesThem) {
  const HostTmpfs outer(path("outer"), 0);
  const HostTmpfs inner(path("outer/inner"), 0);
  std::ofstream(inner.point() + "/file") << "x";
  box.bundle.add_mount("/one", "none", outer.point(), {"bind"});
  box.bundle.add_mount("/all", "none", outer.point(), {"rbind"});
  EXPECT_EQ(box.attempt({{"list", "/one/inner"}, {"list", "/all/inner"}}), (Words{"", "file"}));
}

TEST_F(Mounts, ReadOnlyRbindLeavesSubmountsWritable) {
  const HostTmpfs outer(path("outer"), 0);
  const HostTmpfs inner(path("outer/inner"), 0);
  box.bundle.add_mount("/all", "none", outer.point(), {"rbind", "ro"});
  EXPECT_EQ(box.attempt({{"create", "/all/f", ""}, {"create", "/all/inner/f", ""}}),
            (Words{"EROFS", "ok"}));
}

TEST_F(Mounts, RecursiveReadOnlyReachesSubmounts) {
  const HostTmpfs outer(path("outer"), 0);
  const HostTmpfs inner(path("outer/inner"), 0);
  box.bundle.add_mount("/all", "none", outer.point(), {"rbind", "rro"});
  EXPECT_EQ(box.attempt({{"create", "/all/f", ""}, {"create", "/all/inner/f", ""}}),
            (Words{"EROFS", "EROFS"}));
}

TEST_F(Mounts, RecursiveOptionsReachSubmounts) {
  const HostTmpfs outer(path("outer"), 0);
  const HostTmpfs inner(path("outer/inner"), 0);
  box.bundle.add_mount("/all", "none", outer.point(),
                       {"rbind", "rnosuid", "rnodev", "rnoexec", "rnoatime"});
  const Value report = box.report();
  const Words flags = {"nosuid", "nodev", "noexec", "noatime"};
  EXPECT_TRUE(has_options(mount_at(report, "/all"), flags));
  EXPECT_TRUE(has_options(mount_at(report, "/all/inner"), flags));
}

TEST_F(Mounts, NosymfollowFollowsNoLink) {
  KNOWN_GAP(kRunc, "it takes the option for one of the file system");
  bind_volume({"nosymfollow"});
  fs::create_symlink("file", path("volume/link"));
  EXPECT_EQ(box.attempt({{"read", "/volume/link"}, {"read", "/volume/file"}}),
            (Words{"ELOOP", "content"}));
}

TEST_F(Mounts, RemountChangesAnEarlierMount) {
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"size=64k"});
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {"remount", "ro", "size=128k"});
  EXPECT_EQ(box.attempt({{"create", "/volume/f", ""}}), Words{"EROFS"});
}

TEST_F(Mounts, OverlayIsMountedLikeAnyOtherType) {
  const std::string lower = make_volume("lower");
  fs::create_directories(path("upper"));
  fs::create_directories(path("work"));
  box.bundle.add_mount(
      "/volume", "overlay", "overlay",
      {"lowerdir=" + lower, "upperdir=" + path("upper"), "workdir=" + path("work")});
  EXPECT_EQ(box.attempt({{"read", "/volume/file"}, {"create", "/volume/new", ""}}),
            (Words{"content", "ok"}));
  EXPECT_TRUE(fs::exists(path("upper/new")));
}

TEST_F(Mounts, PropagationOptionsAreSet) {
  for (const char* mode : {"private", "shared", "slave", "unbindable"}) {
    box.bundle.add_mount(std::string("/") + mode, "tmpfs", "tmpfs", {mode});
  }
  const HostTmpfs source(path("source"), 0, Sharing::shared);
  box.bundle.add_mount("/slave-of-host", "none", source.point(), {"rbind", "rslave"});
  box.bundle.add_mount("/private-bind", "none", source.point(), {"rbind", "rprivate"});
  box.bundle.add_mount("/shared-bind", "none", source.point(), {"rbind", "rshared"});
  const Value report = box.report();
  const auto propagation = [&](const std::string& point) {
    std::string all;
    for (const std::string& field : mount_at(report, point)["/propagation"].texts()) {
      all += field.substr(0, field.find(':')) + " ";
    }
    return all;
  };
  EXPECT_EQ(propagation("/private"), "");
  EXPECT_EQ(propagation("/shared"), "shared ");
  EXPECT_EQ(propagation("/slave"), "");
  EXPECT_EQ(propagation("/unbindable"), "unbindable ");
  EXPECT_EQ(propagation("/slave-of-host"), "master ");
  EXPECT_EQ(propagation("/private-bind"), "");
  EXPECT_EQ(propagation("/shared-bind").substr(0, 7), "shared ");
}

// Kubernetes calls it HostToContainer.
TEST_F(Mounts, SlaveBindReceivesMountsOfTheHost) {
  const HostTmpfs source(path("source"), 0, Sharing::shared);
  fs::create_directories(source.point() + "/later");
  box.bundle.add_mount("/volume", "none", source.point(), {"rbind", "rslave"});
  box.bundle.set_command({"try", "list", "/volume/later"});
  const Fd output(::open(path("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  Program program = box.program("create");
  program.output = output.get();
  ASSERT_TRUE(succeeds(run_program(program)));
  const HostTmpfs later(source.point() + "/later", 0);
  std::ofstream(later.point() + "/arrived") << "x";
  ASSERT_TRUE(succeeds(box.start()));
  EXPECT_TRUE(box.wait_for_status("stopped"));
  std::string line;
  std::getline(std::ifstream(path("out")), line);
  EXPECT_EQ(line, "[\"arrived\"]");
}

// Kubernetes calls it Bidirectional.
TEST_F(Mounts, SharedBindSendsMountsToTheHost) {
  const HostTmpfs source(path("source"), 0, Sharing::shared);
  fs::create_directories(source.point() + "/later");
  allow_mounting();
  box.config().set("/linux/rootfsPropagation", "shared");
  box.bundle.add_mount("/volume", "none", source.point(), {"rbind", "rshared"});
  EXPECT_EQ(box.attempt({{"mount-tmpfs", "/volume/later"}, {"create", "/volume/later/f", ""}}),
            (Words{"ok", "ok"}));
  EXPECT_TRUE(fs::exists(source.point() + "/later/f"));
  ::umount2((source.point() + "/later").c_str(), MNT_DETACH);
}

TEST_F(Mounts, PrivateBindSendsNothingToTheHost) {
  const HostTmpfs source(path("source"), 0, Sharing::shared);
  fs::create_directories(source.point() + "/later");
  allow_mounting();
  box.bundle.add_mount("/volume", "none", source.point(), {"rbind", "rprivate"});
  EXPECT_EQ(box.attempt({{"mount-tmpfs", "/volume/later"}, {"create", "/volume/later/f", ""}}),
            (Words{"ok", "ok"}));
  EXPECT_FALSE(fs::exists(source.point() + "/later/f"));
}

TEST_F(Mounts, BoundCgroupTreeShowsTheContainersOwnGroup) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  box.config().set("/linux/resources/memory/limit", 64 << 20);
  box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"});
  if (cgroups_are_unified()) {
    // Without a cgroup namespace /proc/self/cgroup names it from the host's root on.
    EXPECT_EQ(box.attempt({{"read", "/sys/fs/cgroup" + box.cgroups_path() + "/memory.max"}}),
              Words{"67108864\n"});
    return;
  }
  EXPECT_EQ(box.attempt({{"read", "/sys/fs/cgroup/memory/memory.limit_in_bytes"},
                         {"open", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "w"}}),
            (Words{"67108864\n", "EROFS"}));
}

TEST_F(Mounts, ReadOnlyCgroupMountIsReadOnlyThroughout) {
  KNOWN_GAP(kRunc, "the tmpfs that holds the controllers stays writable");
  box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"});
  EXPECT_EQ(box.attempt({{"mkdir", "/sys/fs/cgroup/new"}}), Words{"EROFS"});
}

TEST_F(Mounts, CgroupMountInACgroupNamespaceShowsTheSame) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  box.bundle.set_namespace("cgroup");
  box.config().set("/linux/resources/memory/limit", 64 << 20);
  box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"});
  if (cgroups_are_unified()) {
    EXPECT_EQ(box.attempt({{"read", "/sys/fs/cgroup/memory.max"}}), Words{"67108864\n"});
    return;
  }
  EXPECT_EQ(box.attempt({{"read", "/sys/fs/cgroup/memory/memory.limit_in_bytes"},
                         {"open", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "w"}}),
            (Words{"67108864\n", "EROFS"}));
  for (const Value& mount : box.report()["/mounts"].elements()) {
    if (mount["/type"] == "cgroup" || mount["/type"] == "cgroup2") {
      EXPECT_EQ(mount["/root"], "/") << mount;
    }
  }
}

TEST_F(Mounts, DockersDefaultConfigurationWorks) {
  docker_config(box, path("docker"));
  const Value report = box.report();
  EXPECT_TRUE(has_options(mount_at(report, "/proc"), {"nosuid", "nodev", "noexec"}));
  EXPECT_TRUE(has_options(mount_at(report, "/sys"), {"ro", "nosuid", "nodev", "noexec"}));
  EXPECT_EQ(mount_at(report, "/dev/mqueue")["/type"], "mqueue");
  EXPECT_TRUE(has_super_option(mount_at(report, "/dev/shm"), "size=65536k"));
  EXPECT_FALSE(mount_at(report, "/etc/hosts").is_null());
  EXPECT_EQ(report["/hostname"], "0123456789ab");
  EXPECT_EQ(report["/seccomp"], "2");
  EXPECT_EQ(report["/noNewPrivileges"], false);
  EXPECT_EQ(report["/capabilities/effective"].size(), 14U);
  EXPECT_EQ(report["/capabilities/ambient"].size(), 0U);
  const Words answers = box.attempt({{"read", "/etc/hostname"},
                                     {"read", "/proc/keys"},
                                     {"list", "/sys/firmware"},
                                     {"write", "/proc/sys/kernel/hostname", "x"},
                                     {"open", "/dev/fuse", "rw"},
                                     {"create", "/tmp/f", "x"}});
  EXPECT_EQ(answers, (Words{"0123456789ab\n", "", "", "EROFS", "ENOENT", "ok"}));
}

}  // namespace
}  // namespace gocker::test
