#include "imagetool/bundle/foreign_platform.h"

#include <gtest/gtest.h>

#include "imagetool/platform.h"

namespace gocker {
namespace {

// As qemu-user-static registers it.
constexpr const char* kArm64 =
    "enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: POCF\noffset 0\n"
    "magic 7f454c460201010000000000000000000200b700\n"
    "mask ffffffffffffff00fffffffffffffffffeffffff\n";
constexpr const char* kS390 =
    "enabled\ninterpreter /usr/libexec/qemu-binfmt/s390x-binfmt-P\nflags: POCF\noffset 0\n"
    "magic 7f454c4602020100000000000000000000020016\n";

TEST(ForeignPlatform, FindsTheEmulatorByTheMachineInTheMagic) {
  EXPECT_TRUE(has_emulator({kS390, kArm64}, "arm64"));
  EXPECT_TRUE(has_emulator({kS390, kArm64}, "s390x"));
  EXPECT_FALSE(has_emulator({kS390, kArm64}, "arm"));
  EXPECT_FALSE(has_emulator({}, "arm64"));
  EXPECT_FALSE(has_emulator({kArm64}, "unheard-of"));
}

TEST(ForeignPlatform, TakesNoRegistrationThatIsSwitchedOffOrNoElf) {
  std::string off(kArm64);
  off.replace(0, 7, "disabled");
  EXPECT_FALSE(has_emulator({off}, "arm64"));
  EXPECT_FALSE(has_emulator({"enabled\ninterpreter /usr/bin/jexec\nextension .jar\n"}, "arm64"));
  EXPECT_FALSE(has_emulator({"enabled\nmagic 504b0304\n"}, "arm64"));
}

TEST(ForeignPlatform, NothingIsMissingForThisMachineAndItsImages) {
  EXPECT_FALSE(missing_for(host_platform()));
  EXPECT_FALSE(missing_for({}));
}

TEST(ForeignPlatform, OtherSystemsAreNamed) {
  oci::Platform windows = host_platform();
  windows.os = "windows";
  EXPECT_NE(missing_for(windows).value_or("").find("only Linux programs run here"),
            std::string::npos);
}

}  // namespace
}  // namespace gocker
