#include "imagetool/bundle/runtime_config.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "oci-spec/validate.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker::tests {
namespace {

using Words = std::vector<std::string>;

class RuntimeConfigTest : public ::testing::Test {
 protected:
  RuntimeConfigTest() {
    ::mkdir((directory_.path() + "/etc").c_str(), 0755);
    const Fd file = open_file(directory_.path() + "/etc/passwd", O_WRONLY | O_CREAT, 0644);
    write_all(file, "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n", "passwd");
    image_.platform = {.architecture = "amd64", .os = "linux", .os_version = "", .variant = "v3"};
    image_.config.cmd = {"sh"};
  }

  oci::Spec make() const {
    oci::Spec spec =
        make_runtime_config(image_, options_, RootDir::open_host_path(directory_.path()));
    EXPECT_NO_THROW(oci::validate(spec, "config.json"));
    EXPECT_NO_THROW(oci::parse_spec(oci::to_json(spec), "config.json"));
    return spec;
  }
  Words args() const { return make().process->args; }
  Words env() const { return make().process->env; }

  TempDir directory_{"gocker-config-test"};
  oci::ImageConfig image_;
  RunOptions options_;
};

TEST_F(RuntimeConfigTest, JoinsEntrypointAndCmd) {
  image_.config.entrypoint = {"/entry", "-x"};
  EXPECT_EQ(args(), (Words{"/entry", "-x", "sh"}));
  options_.command = {"mine", "too"};
  EXPECT_EQ(args(), (Words{"/entry", "-x", "mine", "too"}));
  options_.entrypoint = Words{"/other"};
  EXPECT_EQ(args(), (Words{"/other", "mine", "too"}));
  options_.command.clear();
  EXPECT_EQ(args(), Words{"/other"});  // the image's cmd is made for the image's entrypoint
  options_.entrypoint = Words{};
  EXPECT_THROW(args(), Error);
}

TEST_F(RuntimeConfigTest, RefusesAnImageWithoutAProgram) {
  image_.config.cmd.clear();
  EXPECT_THROW(args(), Error);
  options_.command = {"given"};
  EXPECT_EQ(args(), Words{"given"});
}

TEST_F(RuntimeConfigTest, AddsToTheEnvironmentOnlyWhatIsAbsent) {
  EXPECT_EQ(env(), (Words{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                          "HOME=/root"}));
  image_.config.env = {"PATH=/mine", "HOME=", "TERM=vt100", "HOSTNAME=other"};
  options_.terminal = true;
  options_.hostname = "box";
  EXPECT_EQ(env(), image_.config.env);
}

TEST_F(RuntimeConfigTest, SetsVariablesThatAreGiven) {
  ::setenv("GOCKER_TEST_INHERITED", "from here", 1);
  image_.config.env = {"PATH=/p", "HOME=/h", "A=1", "AB=2"};
  options_.env = {"A=x=y", "NEW=", "GOCKER_TEST_INHERITED", "GOCKER_TEST_UNSET"};
  EXPECT_EQ(env(), (Words{"PATH=/p", "HOME=/h", "A=x=y", "AB=2",
                          "NEW=", "GOCKER_TEST_INHERITED=from here"}));
  options_.env = {"=x"};
  EXPECT_THROW(env(), Error);
}

TEST_F(RuntimeConfigTest, TakesTheWorkingDirectory) {
  EXPECT_EQ(make().process->cwd, "/");
  image_.config.working_dir = "/srv";
  EXPECT_EQ(make().process->cwd, "/srv");
  options_.working_dir = "/mine";
  EXPECT_EQ(make().process->cwd, "/mine");
  options_.working_dir = "mine";
  EXPECT_THROW(make(), Error);
}

TEST_F(RuntimeConfigTest, GivesRootItsCapabilitiesAndOthersTheBoundingSet) {
  EXPECT_EQ(make().process->capabilities->effective.size(), 14U);
  EXPECT_EQ(make().process->capabilities->permitted.size(), 14U);
  image_.config.user = "app";
  const oci::Process process = *make().process;
  EXPECT_EQ(process.user.uid, 1000U);
  EXPECT_EQ(process.capabilities->bounding.size(), 14U);
  EXPECT_TRUE(process.capabilities->effective.empty());
  EXPECT_TRUE(process.capabilities->permitted.empty());
  EXPECT_TRUE(process.capabilities->inheritable.empty());
  EXPECT_TRUE(process.capabilities->ambient.empty());
  options_.user = "root";
  EXPECT_EQ(make().process->user.uid, 0U);
}

TEST_F(RuntimeConfigTest, MakesAnnotationsThatLabelsOverrule) {
  image_.author = "somebody";
  image_.created = "2026-01-01T00:00:00Z";
  image_.config.stop_signal = "SIGINT";
  image_.config.exposed_ports = {"53/udp", "80/tcp"};
  image_.config.volumes = {"/a", "/b"};
  image_.config.labels = {{"x", "y"}, {"org.opencontainers.image.author", "the label"}};
  options_.annotations = {{"x", "given"}};
  EXPECT_EQ(make().annotations, (oci::StringMap{
                                    {"io.gocker.image.volumes", "/a,/b"},
                                    {"org.opencontainers.image.architecture", "amd64"},
                                    {"org.opencontainers.image.author", "the label"},
                                    {"org.opencontainers.image.created", "2026-01-01T00:00:00Z"},
                                    {"org.opencontainers.image.exposedPorts", "53/udp,80/tcp"},
                                    {"org.opencontainers.image.os", "linux"},
                                    {"org.opencontainers.image.stopSignal", "SIGINT"},
                                    {"org.opencontainers.image.variant", "v3"},
                                    {"x", "given"},
                                }));
}

TEST_F(RuntimeConfigTest, SharesTheHostsNetworkOnRequest) {
  EXPECT_NE(make().linux_.find_namespace(oci::NamespaceType::network), nullptr);
  options_.network = NetworkMode::host;
  EXPECT_EQ(make().linux_.find_namespace(oci::NamespaceType::network), nullptr);
  EXPECT_NE(make().linux_.find_namespace(oci::NamespaceType::cgroup), nullptr);
}

TEST_F(RuntimeConfigTest, MountsWhatExists) {
  options_.mounts = {{directory_.path(), "/in", true}};
  const oci::Mount mount = make().mounts.back();
  EXPECT_EQ(mount.destination, "/in");
  EXPECT_EQ(mount.source, directory_.path());
  EXPECT_EQ(mount.options, (Words{"rbind", "rprivate", "ro"}));
  options_.mounts = {{directory_.path() + "/absent", "/in", true}};
  EXPECT_THROW(make(), Error);
}

TEST_F(RuntimeConfigTest, DeniesDevicesButTheUsualOnes) {
  const std::vector<oci::DeviceRule> rules = make().linux_.resources->devices;
  ASSERT_FALSE(rules.empty());
  EXPECT_FALSE(rules.front().allow);
  EXPECT_EQ(rules.front().type, 'a');
  EXPECT_TRUE(std::all_of(rules.begin() + 1, rules.end(), [](const oci::DeviceRule& rule) {
    return rule.allow && (rule.major || rule.access == "m");
  }));
}

TEST_F(RuntimeConfigTest, FiltersSystemCallsByAnAllowList) {
  const oci::Seccomp profile = *make().linux_.seccomp;
  EXPECT_EQ(profile.default_action, oci::SeccompAction::error);
  EXPECT_EQ(profile.default_errno_ret, static_cast<uint32_t>(EPERM));
  const auto allowed = [&profile](const std::string& name) {
    return std::any_of(profile.syscalls.begin(), profile.syscalls.end(), [&](const auto& rule) {
      return rule.action == oci::SeccompAction::allow &&
             std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end();
    });
  };
  for (const char* name : {"read", "execve", "openat", "clone", "socket", "ptrace", "chroot"}) {
    EXPECT_TRUE(allowed(name)) << name;
  }
  for (const char* name : {"mount",
                           "umount2",
                           "unshare",
                           "setns",
                           "pivot_root",
                           "bpf",
                           "keyctl",
                           "add_key",
                           "kexec_load",
                           "init_module",
                           "open_by_handle_at",
                           "perf_event_open",
                           "userfaultfd",
                           "io_uring_setup",
                           "clone3",
                           "reboot",
                           "fsopen",
                           "open_tree",
                           "move_mount",
                           "swapon",
                           "quotactl",
                           "iopl"}) {
    EXPECT_FALSE(allowed(name)) << name;
  }
}

}  // namespace
}  // namespace gocker::tests
