// What a hostile image or program may try. Each test names the weakness of the past that it guards
// against; the host is looked at afterwards.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/descriptor_socket.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Escape : public SystemTest {
 protected:
  // A directory of the host that no container is given.
  std::string make_outside() {
    fs::create_directory(path("outside"));
    std::ofstream(path("outside/canary")) << "untouched";
    return path("outside");
  }
  void expect_outside_untouched() {
    EXPECT_EQ(std::distance(fs::directory_iterator(path("outside")), fs::directory_iterator()), 1);
    EXPECT_EQ(text_of(path("outside/canary")), "untouched");
    struct stat status = {};
    ASSERT_EQ(::stat(path("outside/canary").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 0U);
    EXPECT_EQ(status.st_mode & 07777U, 0644U);
  }
  void replace_with_link(const std::string& name, const std::string& target) {
    fs::remove_all(box.bundle.rootfs(name));
    fs::create_symlink(target, box.bundle.rootfs(name));
  }
  // Leads out of the root file system for whoever follows it on the host.
  std::string climbing(const std::string& target) const { return "../../../../../../.." + target; }
  void remove_dev_mounts() {
    box.config().remove("/mounts/2");
    box.config().remove("/mounts/1");
  }
  std::string make_volume() {
    fs::create_directory(path("volume"));
    std::ofstream(path("volume/file")) << "volume";
    return path("volume");
  }
};

// CVE-2024-21626: a descriptor that leads to the host, used as the working directory. One that the
// runtime itself has open may do no worse than lead to the container's own root.
TEST_F(Escape, WorkingDirectoryThroughADescriptorDoesNotLeaveTheContainer) {
  std::ofstream(box.bundle.rootfs("/of-the-container")).close();
  const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (int number = 0; number <= 24; ++number) {
    box.config().set("/process/cwd", "/proc/self/fd/" + std::to_string(number));
    box.bundle.set_command({"try", "stat", "./of-the-container"});
    Program program = box.program("run");
    for (int i = 3; i < 10; ++i) program.more_fds.push_back(root.get());
    const Outcome outcome = run_program(program);
    if (outcome.code != 0) continue;
    EXPECT_EQ(outcome.out, "[\"file 0644 0:0\"]\n") << number;
  }
}

TEST_F(Escape, WorkingDirectoryThroughAPreservedDescriptorIsRefused) {
  KNOWN_GAP(kRunc, "a descriptor that is handed over may be the working directory");
  const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  box.config().set("/process/cwd", "/proc/self/fd/3");
  box.bundle.set_command({"try", "list", "."});
  Program program = box.program("run", {"--preserve-fds", "1"});
  program.more_fds.push_back(root.get());
  EXPECT_NE(run_program(program).code, 0);
}

// CVE-2019-16884, CVE-2019-19921, CVE-2023-27561: /proc somewhere else makes labels a no-op.
TEST_F(Escape, ProcThatIsALinkIsRefused) {
  for (const std::string& target : {std::string("/tmp"), climbing(make_outside())}) {
    replace_with_link("/proc", target);
    EXPECT_TRUE(fails_with(box.run(), "/proc"));
    expect_nothing_left();
  }
  expect_outside_untouched();
}

TEST_F(Escape, SysThatIsALinkIsRefused) {
  replace_with_link("/sys", make_outside());
  EXPECT_TRUE(fails_with(box.run(), "/sys"));
  expect_outside_untouched();
}

TEST_F(Escape, VolumeOverPartsOfProcIsRefused) {
  const std::string volume = make_volume();
  for (const char* target : {"/proc", "/proc/sys", "/proc/self", "/proc/1"}) {
    Container& container = add_container();
    container.bundle.add_mount(target, "none", volume, {"bind"});
    EXPECT_TRUE(fails_with(container.run(), target)) << target;
  }
}

// lxcfs puts its files there.
TEST_F(Escape, FileOverUptimeIsAllowed) {
  box.bundle.add_mount("/proc/uptime", "none", make_volume() + "/file", {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/proc/uptime"}}), Words{"volume"});
}

// CVE-2019-18837, CVE-2021-30465: the target of a mount leads out of the root file system.
TEST_F(Escape, MountTargetThroughAbsoluteLinkStaysInside) {
  replace_with_link("/etc/link", make_outside());
  box.bundle.add_mount("/etc/link/below", "none", make_volume(), {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/etc/link/below/file"}}), Words{"volume"});
  expect_outside_untouched();
}

TEST_F(Escape, MountTargetThroughClimbingLinkStaysInside) {
  replace_with_link("/etc/link", climbing(make_outside()));
  box.bundle.add_mount("/etc/link/below", "tmpfs", "tmpfs", {});
  EXPECT_EQ(box.attempt({{"create", "/etc/link/below/file", "x"}}), Words{"ok"});
  expect_outside_untouched();
}

TEST_F(Escape, MountTargetThatIsALinkStaysInside) {
  replace_with_link("/etc/link", make_outside());
  box.bundle.add_mount("/etc/link", "none", make_volume(), {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/etc/link/file"}}), Words{"volume"});
  expect_outside_untouched();
}

TEST_F(Escape, FileMountTargetThroughALinkStaysInside) {
  replace_with_link("/etc/link", make_outside() + "/canary");
  box.bundle.add_mount("/etc/link", "none", make_volume() + "/file", {"bind"});
  EXPECT_EQ(box.attempt({{"read", "/etc/link"}}), Words{"volume"});
  expect_outside_untouched();
}

TEST_F(Escape, MountTargetWithDotsStaysInside) {
  make_outside();
  box.bundle.add_mount("/etc/../../../.." + path("outside/below"), "tmpfs", "tmpfs", {});
  box.bundle.set_command({"exit", "0"});
  box.run();  // inside or an error: both are fine
  expect_outside_untouched();
}

// CVE-2026-41579, CVE-2026-47766: device nodes and links made where /dev leads.
TEST_F(Escape, DevThatIsALinkStaysInside) {
  KNOWN_GAP(kRunc, "CVE-2026-41579: it makes the links of /dev where the image's link leads");
  for (const std::string& target : {make_outside(), climbing(path("outside"))}) {
    Container& container = add_container();
    fs::remove_all(container.bundle.rootfs("/dev"));
    fs::create_symlink(target, container.bundle.rootfs("/dev"));
    container.config().remove("/mounts/2");
    container.config().remove("/mounts/1");
    container.bundle.set_command({"exit", "0"});
    container.run();
    expect_outside_untouched();
    fs::remove_all(path("outside"));
    make_outside();
  }
}

TEST_F(Escape, DevMountThroughALinkStaysInside) {
  KNOWN_GAP(kRunc, "CVE-2026-41579: it makes the links of /dev where the image's link leads");
  replace_with_link("/dev", make_outside());
  box.bundle.set_command({"exit", "0"});
  box.run();
  expect_outside_untouched();
}

TEST_F(Escape, DeviceThroughALinkStaysInside) {
  replace_with_link("/devices", make_outside());
  box.config().append("/linux/devices",
                      R"({"path": "/devices/fuse", "type": "c", "major": 10, "minor": 229})"_json);
  box.bundle.set_command({"exit", "0"});
  box.run();
  expect_outside_untouched();
}

// CVE-2025-31133: the masking file is a link, so what it leads to is bound writable.
TEST_F(Escape, MaskingDoesNotFollowTheImagesDevNull) {
  KNOWN_GAP(kRunc, "CVE-2025-31133: it binds whatever /dev/null leads to");
  remove_dev_mounts();
  replace_with_link("/dev/null", "/etc/passwd");
  box.config().set("/linux/maskedPaths", Words{"/proc/keys"});
  box.bundle.set_command({"try", "read", "/proc/keys", "--", "write", "/proc/keys", "x"});
  const Outcome outcome = box.run();
  if (outcome) {
    EXPECT_EQ(Value::parse(outcome.out)["/0"], "");
  }
  EXPECT_EQ(text_of(box.bundle.rootfs("/etc/passwd")).substr(0, 4), "root");
}

// CVE-2026-88265: the standard streams are opened anew inside, and what is found gets a new owner.
TEST_F(Escape, StandardStreamsDoNotFollowTheImagesDevNull) {
  remove_dev_mounts();
  replace_with_link("/dev/null", climbing(make_outside() + "/canary"));
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  box.bundle.set_command({"try", "read", "/dev/null"});
  box.run();
  expect_outside_untouched();
}

// CVE-2026-88264: the terminal is bound over where /dev/console leads.
TEST_F(Escape, ConsoleDoesNotFollowTheImagesLink) {
  for (const std::string& target : {make_outside() + "/canary", climbing(path("outside/canary"))}) {
    Container& container = add_container();
    const std::string socket_path = path(container.id() + ".sock");
    const DescriptorSocket socket(socket_path);
    container.config().remove("/mounts/2");
    container.config().remove("/mounts/1");
    fs::create_symlink(target, container.bundle.rootfs("/dev/console"));
    container.config().set("/process/terminal", true);
    container.bundle.set_command({"exit", "0"});
    container.run({"--detach", "--console-socket", socket_path});
    expect_outside_untouched();
  }
}

TEST_F(Escape, MaskedPathThroughALinkStaysInside) {
  replace_with_link("/etc/link", make_outside());
  box.config().set("/linux/maskedPaths", Words{"/etc/link", "/etc/link/canary"});
  box.config().set("/linux/readonlyPaths", Words{"/etc/link"});
  box.bundle.set_command({"exit", "0"});
  box.run();
  expect_outside_untouched();
}

// A container that is given everything still does not get the host's paths by descriptors.
TEST_F(Escape, ProcOfTheInitShowsNoHostPaths) {
  const Value report = box.report();
  for (const Value& fd : report["/fds"].elements()) {
    const std::string target = fd["/target"].text();
    EXPECT_FALSE(target.starts_with("/sys") || target.starts_with("/proc")) << target;
  }
  EXPECT_EQ(report["/cwd"], "/");
}

// CVE-2019-5736: the container overwrites the runtime's program through /proc/PID/exe.
TEST_F(Escape, RuntimesProgramCannotBeWrittenFromInside) {
  fs::create_directory(path("results"));
  ASSERT_EQ(::chmod(path("results").c_str(), 0777), 0);
  for (const char* set : {"bounding", "permitted", "effective", "inheritable", "ambient"}) {
    for (const char* name : {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"}) {
      box.config().append(std::string("/process/capabilities/") + set, name);
    }
  }
  box.bundle.add_mount("/results", "none", path("results"), {"bind"});
  box.config().append("/hooks/startContainer", R"({"path": "/inside",
      "args": ["inside", "overwrite", "1", "/results/go", "/results/result"]})"_json);
  box.bundle.set_command({"sleep"});
  const auto time = fs::last_write_time(Runtime::path());
  ASSERT_TRUE(succeeds(box.create()));
  ASSERT_TRUE(succeeds(box.start()));
  std::ofstream(path("results/go")).close();
  ASSERT_TRUE(wait_until([&] { return fs::exists(path("results/result")); }));
  const std::string result = text_of(path("results/result"));
  EXPECT_EQ(result.find("written"), std::string::npos) << result;
  EXPECT_EQ(result.find("unreadable"), std::string::npos) << result;
  EXPECT_EQ(fs::last_write_time(Runtime::path()), time);
}

// The same, where the image's program is the runtime itself: "#!/proc/self/exe".
TEST_F(Escape, ProgramThatLeadsToTheRuntimeDoesNoHarm) {
  std::ofstream(box.bundle.rootfs("/evil")) << "#!/proc/self/exe\n";
  ASSERT_EQ(::chmod(box.bundle.rootfs("/evil").c_str(), 0755), 0);
  box.config().set("/process/args", Words{"/evil"});
  const auto time = fs::last_write_time(Runtime::path());
  const Outcome outcome = box.run();
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_EQ(fs::last_write_time(Runtime::path()), time);
}

}  // namespace
}  // namespace gocker::test
