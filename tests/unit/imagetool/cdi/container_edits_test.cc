#include "imagetool/cdi/container_edits.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

class ContainerEditsTest : public ::testing::Test {
 protected:
  ContainerEditsTest() {
    spec_.process.emplace();
    spec_.linux_.resources.emplace();
  }
  oci::Spec spec_;
};

TEST_F(ContainerEditsTest, ReplacesVariablesAndMounts) {
  spec_.process->env = {"A=1", "AB=2"};
  spec_.mounts = {{.destination = "/x", .type = "tmpfs"}};
  apply_edits({.env = {"A=3"}, .mounts = {{.destination = "/x", .source = "/y"}}}, spec_);
  EXPECT_EQ(spec_.process->env, (std::vector<std::string>{"AB=2", "A=3"}));
  ASSERT_EQ(spec_.mounts.size(), 1U);
  EXPECT_EQ(spec_.mounts[0].type, "bind");
  EXPECT_EQ(spec_.mounts[0].options, std::vector<std::string>{"rbind"});
}

TEST_F(ContainerEditsTest, TakesFromTheHostWhatADeviceLeavesOpen) {
  apply_edits({.device_nodes = {{.path = "/dev/v", .host_path = "/dev/zero"}}}, spec_);
  ASSERT_EQ(spec_.linux_.devices.size(), 1U);
  const oci::Device& device = spec_.linux_.devices[0];
  EXPECT_EQ(device.type, 'c');
  EXPECT_EQ(device.major, 1U);
  EXPECT_EQ(device.minor, 5U);
  EXPECT_EQ(device.file_mode, 0666U);
  EXPECT_FALSE(device.uid);
  ASSERT_EQ(spec_.linux_.resources->devices.size(), 1U);
  EXPECT_EQ(spec_.linux_.resources->devices[0].access, "rwm");
}

TEST_F(ContainerEditsTest, GivesDevicesToTheContainersUser) {
  spec_.process->user.uid = 7;
  spec_.process->user.gid = 8;
  const CdiDeviceNode node{
      .path = "/dev/v", .type = "c", .major = 1, .minor = 9, .permissions = "r", .gid = 44};
  apply_edits({.device_nodes = {node, node}, .additional_gids = {44, 44}}, spec_);
  ASSERT_EQ(spec_.linux_.devices.size(), 1U) << "one of a path";
  EXPECT_EQ(spec_.linux_.devices[0].uid, 7U);
  EXPECT_EQ(spec_.linux_.devices[0].gid, 44U);
  EXPECT_EQ(spec_.linux_.resources->devices[0].access, "r");
  EXPECT_EQ(spec_.process->user.additional_gids, std::vector<uint32_t>{44});
}

TEST_F(ContainerEditsTest, RefusesWhatTheHostDoesNotHave) {
  EXPECT_EQ(error_of([&] { apply_edits({.device_nodes = {{.path = "/dev/none7"}}}, spec_); }),
            "give the CDI device node /dev/none7: stat: No such file or directory");
  EXPECT_EQ(error_of([&] { apply_edits({.device_nodes = {{.path = "/etc/passwd"}}}, spec_); }),
            "give the CDI device node /etc/passwd: it is no device");
  const CdiDeviceNode block{.path = "/dev/null", .type = "b"};
  EXPECT_EQ(error_of([&] { apply_edits({.device_nodes = {block}}, spec_); }),
            "give the CDI device node /dev/null: it is of type c, its CDI file says b");
}

TEST_F(ContainerEditsTest, AddsHooks) {
  spec_.hooks.poststop = {{.path = "/one"}};
  ContainerEdits edits;
  edits.hooks.poststop = {{.path = "/two"}};
  apply_edits(edits, spec_);
  ASSERT_EQ(spec_.hooks.poststop.size(), 2U);
  EXPECT_EQ(spec_.hooks.poststop[1].path, "/two");
}

}  // namespace
}  // namespace gocker::tests
