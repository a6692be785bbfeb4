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

TEST_F(SecurityModules, ApparmorProfileWithoutApparmorIsAnError) {
  if (host_has_apparmor()) GTEST_SKIP() << "AppArmor is enabled on this machine";
  box.config().set("/process/apparmorProfile", "docker-default");
  EXPECT_TRUE(fails_with(
      box.create(), "set AppArmor profile docker-default: AppArmor is not enabled on this host"));
}

}  // namespace
}  // namespace gocker::test
