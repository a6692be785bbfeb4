// Labels of security modules (config.md, "apparmorProfile" and "selinuxLabel"; config-linux.md,
// "Mount Label").
#include <sys/vfs.h>

#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

bool host_has_selinux() {
  constexpr decltype(statfs::f_type) kMagic = 0xf97cff8c;
  struct statfs status = {};
  return ::statfs("/sys/fs/selinux", &status) == 0 && status.f_type == kMagic;
}

bool host_has_apparmor() {
  std::ifstream file("/sys/module/apparmor/parameters/enabled");
  return file.get() == 'Y';
}

class SecurityModules : public SystemTest {};

// Allows everything but to read /etc/passwd; loaded into the kernel as long as the test lasts.
class ApparmorProfile {
 public:
  ApparmorProfile(std::string name, std::string file)
      : name_(std::move(name)), file_(std::move(file)) {
    std::ofstream(file_) << "profile " << name_ << " flags=(attach_disconnected,mediate_deleted) {"
                         << " capability, network, file, signal, ptrace, unix,"
                         << " deny /etc/passwd r, }";
    EXPECT_TRUE(succeeds(run_program({.args = {"/sbin/apparmor_parser", "--replace", file_}})));
  }
  ApparmorProfile(const ApparmorProfile&) = delete;
  ApparmorProfile& operator=(const ApparmorProfile&) = delete;
  ~ApparmorProfile() { run_program({.args = {"/sbin/apparmor_parser", "--remove", file_}}); }

  const std::string& name() const { return name_; }
  std::string label() const { return name_ + " (enforce)"; }

 private:
  std::string name_;
  std::string file_;
};

constexpr const char* kLabel = "system_u:system_r:container_t:s0:c1,c2";
constexpr const char* kMountLabel = "system_u:object_r:container_file_t:s0:c1,c2";

TEST_F(SecurityModules, SelinuxLabelIsThatOfTheProgram) {
  if (!host_has_selinux()) GTEST_SKIP() << "SELinux is not enabled on this machine";
  box.config().set("/process/selinuxLabel", kLabel);
  EXPECT_TRUE(box.report()["/label"].text().starts_with(kLabel));
}

TEST_F(SecurityModules, SelinuxLabelWithoutSelinuxIsAnError) {
  if (host_has_selinux()) GTEST_SKIP() << "SELinux is enabled on this machine";
  KNOWN_GAP(kRunc, "it starts the container without the label");
  box.config().set("/process/selinuxLabel", kLabel);
  EXPECT_TRUE(fails_with(box.create(),
                         "set SELinux label system_u:.*: SELinux is not enabled on this host"));
}

TEST_F(SecurityModules, MountLabelIsThatOfTheMounts) {
  if (!host_has_selinux()) GTEST_SKIP() << "SELinux is not enabled on this machine";
  box.config().set("/linux/mountLabel", kMountLabel);
  box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {});
  EXPECT_TRUE(has_super_option(mount_at(box.report(), "/volume"),
                               std::string("context=\"") + kMountLabel + "\""));
}

TEST_F(SecurityModules, MountLabelWithoutSelinuxIsAnError) {
  if (host_has_selinux()) GTEST_SKIP() << "SELinux is enabled on this machine";
  box.config().set("/linux/mountLabel", kMountLabel);
  EXPECT_TRUE(fails_with(box.create(),
                         "config.json: /linux/mountLabel: SELinux is not enabled on this host"));
}

TEST_F(SecurityModules, ApparmorProfileIsThatOfTheProgram) {
  if (!host_has_apparmor()) GTEST_SKIP() << "AppArmor is not enabled on this machine";
  box.config().set("/process/apparmorProfile", "unconfined");
  EXPECT_TRUE(box.report()["/label"].text().starts_with("unconfined"));
}

TEST_F(SecurityModules, ApparmorProfileIsEnforced) {
  if (!host_has_apparmor()) GTEST_SKIP() << "AppArmor is not enabled on this machine";
  const ApparmorProfile profile(box.id() + "-profile", path("profile"));
  std::ofstream(box.bundle.rootfs("/etc/passwd")) << "root\n";
  box.config().set("/process/apparmorProfile", profile.name());
  EXPECT_EQ(box.attempt({{"read", "/proc/self/attr/current"}, {"read", "/etc/passwd"}}),
            (Words{profile.label() + "\n", "EACCES"}));
}

TEST_F(SecurityModules, ApparmorProfileOfExecIsItsOwn) {
  if (!host_has_apparmor()) GTEST_SKIP() << "AppArmor is not enabled on this machine";
  const ApparmorProfile profile(box.id() + "-profile", path("profile"));
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  const auto exec = [&](const std::string& name) {
    return runtime.call({"exec", "--apparmor", name, box.id(), "/inside", "try", "read",
                         "/proc/self/attr/current"});
  };
  EXPECT_EQ(exec(profile.name()).out, "[\"" + profile.label() + "\\n\"]\n");
  const Outcome refused = exec("gk-no-such-profile");
  EXPECT_EQ(refused.code, 255);
  EXPECT_NE(refused.err.find("no such profile is loaded"), std::string::npos) << refused;
}

TEST_F(SecurityModules, ApparmorProfileThatIsNotLoadedIsAnError) {
  if (!host_has_apparmor()) GTEST_SKIP() << "AppArmor is not enabled on this machine";
  box.config().set("/process/apparmorProfile", "gk-no-such-profile");
  EXPECT_TRUE(fails_with(box.create(),
                         "set AppArmor profile gk-no-such-profile: no such profile is loaded"));
}

TEST_F(SecurityModules, ApparmorProfileWithoutApparmorIsAnError) {
  if (host_has_apparmor()) GTEST_SKIP() << "AppArmor is enabled on this machine";
  box.config().set("/process/apparmorProfile", "docker-default");
  EXPECT_TRUE(fails_with(
      box.create(), "set AppArmor profile docker-default: AppArmor is not enabled on this host"));
}

}  // namespace
}  // namespace gocker::test
