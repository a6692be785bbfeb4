// Groups of the resctrl file system (config-linux.md, "IntelRdt").
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

// "" where this machine has none mounted.
std::string resctrl() {
  std::ifstream mounts("/proc/self/mounts");
  std::string device;
  std::string point;
  std::string type;
  for (std::string rest; mounts >> device >> point >> type && std::getline(mounts, rest);) {
    if (type == "resctrl") return point;
  }
  return {};
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class IntelRdt : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (IsSkipped()) return;
    root_ = resctrl();
    if (root_.empty()) GTEST_SKIP() << "no resctrl is mounted on this machine";
  }
  void start_box() {
    box.bundle.set_command({"sleep"});
    ASSERT_TRUE(succeeds(box.run({"--detach"})));
  }
  // The first line of the root's schemata, which every group may have.
  std::string first_schema() const {
    std::string line;
    std::ifstream file(root_ + "/schemata");
    std::getline(file >> std::ws, line);
    return line;
  }
  bool has_task(const std::string& group) const {
    return text_of(group + "/tasks").find(std::to_string(box.pid()) + "\n") != std::string::npos;
  }
  std::string root_;
};

class WithoutResctrl : public SystemTest {};

TEST_F(WithoutResctrl, IntelRdtIsAnErrorThatSaysSo) {
  if (!resctrl().empty()) GTEST_SKIP() << "this machine has a resctrl";
  KNOWN_GAP(kRunc, "it ignores the property");
  box.config().set("/linux/intelRdt/closID", "any");
  EXPECT_TRUE(
      fails_with(box.create(), "config.json: /linux/intelRdt: no resctrl is mounted on this host"));
}

TEST_F(IntelRdt, GroupHasTheContainersNameAndGoesWithIt) {
  box.config().set("/linux/intelRdt/schemata", Words{first_schema()});
  start_box();
  const std::string group = root_ + "/" + box.id();
  EXPECT_TRUE(has_task(group));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_FALSE(fs::exists(group));
}

TEST_F(IntelRdt, GroupOfAnIdIsMadeAndStays) {
  const std::string group = root_ + "/" + box.id() + "-class";
  box.config().set("/linux/intelRdt/closID", box.id() + "-class");
  box.config().set("/linux/intelRdt/schemata", Words{first_schema()});
  start_box();
  EXPECT_TRUE(has_task(group));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_TRUE(fs::exists(group));
  ::rmdir(group.c_str());
}

TEST_F(IntelRdt, GroupOfAnIdWithoutASchemaMustBeThere) {
  box.config().set("/linux/intelRdt/closID", box.id() + "-none");
  EXPECT_TRUE(fails_with(box.create(), "config.json: /linux/intelRdt/closID: there is no class"));
}

TEST_F(IntelRdt, SlashIsTheDefaultGroup) {
  box.config().set("/linux/intelRdt/closID", "/");
  start_box();
  EXPECT_TRUE(has_task(root_));
}

TEST_F(IntelRdt, CacheAndBandwidthSchemasAreWritten) {
  const std::string schema = first_schema();
  const bool bandwidth = schema.starts_with("MB:");
  box.config().set(bandwidth ? "/linux/intelRdt/memBwSchema" : "/linux/intelRdt/l3CacheSchema",
                   schema);
  start_box();
  EXPECT_NE(text_of(root_ + "/" + box.id() + "/schemata").find(schema), std::string::npos);
}

TEST_F(IntelRdt, MonitoringGroupIsMadeAndGoesWithTheContainer) {
  if (!fs::exists(root_ + "/mon_groups")) GTEST_SKIP() << "this processor does not monitor";
  box.config().set("/linux/intelRdt", R"({"closID": "/", "enableMonitoring": true})"_json);
  start_box();
  const std::string group = root_ + "/mon_groups/" + box.id();
  EXPECT_TRUE(has_task(group));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_FALSE(fs::exists(group));
}

}  // namespace
}  // namespace gocker::test
