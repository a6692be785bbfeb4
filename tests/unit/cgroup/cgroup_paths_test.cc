#include "runtime/cgroup/cgroup_paths.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

const CgroupHost kHost{{{"cpu,cpuacct", "/nowhere/cpu,cpuacct", "/"},
                        {"name=systemd", "/nowhere/systemd", "/"},
                        {"", "/nowhere/unified", "/"}}};

std::string unified_path(const std::string& cgroups_path) {
  return plan_cgroups(cgroups_path, "c1", kHost).find("")->directory;
}

TEST(CgroupPaths, ArePlannedInEveryHierarchy) {
  const CgroupPaths expected{{{"cpu,cpuacct", "/nowhere/cpu,cpuacct/user/c1", true},
                              {"name=systemd", "/nowhere/systemd/user/c1", true},
                              {"", "/nowhere/unified/user/c1", true}}};
  EXPECT_EQ(plan_cgroups("/user/c1", "other", kHost), expected);
}

TEST(CgroupPaths, StartAtTheRootOfEachHierarchy) {
  EXPECT_EQ(unified_path(""), "/nowhere/unified/c1");
  EXPECT_EQ(unified_path("/a/b"), "/nowhere/unified/a/b");
  EXPECT_EQ(unified_path("a/b"), "/nowhere/unified/a/b");
  EXPECT_EQ(unified_path("//a/./b//"), "/nowhere/unified/a/b");
  EXPECT_EQ(unified_path("/a/..b/c..."), "/nowhere/unified/a/..b/c...");
}

TEST(CgroupPaths, RefuseToLeaveTheHierarchy) {
  for (const char* path : {"..", "/..", "../x", "/a/../b", "/a/..", "a/../../b"}) {
    EXPECT_EQ(error_of([&] { unified_path(path); }),
              "/linux/cgroupsPath: \"" + std::string(path) + "\": must not contain \"..\"");
  }
}

TEST(CgroupPaths, RefuseTheRootGroup) {
  for (const char* path : {"/", "//", "."}) {
    EXPECT_NE(error_of([&] { unified_path(path); }).find("is the root group"), std::string::npos)
        << path;
  }
}

TEST(CgroupPaths, TakeTheFormForSystemdAsAName) {
  EXPECT_EQ(unified_path("system.slice:docker:c1"), "/nowhere/unified/system.slice:docker:c1");
  EXPECT_EQ(unified_path("/a:b:c"), "/nowhere/unified/a:b:c");
  EXPECT_EQ(unified_path("a:b"), "/nowhere/unified/a:b");
}

TEST(CgroupPaths, NeedAHierarchy) {
  EXPECT_NE(error_of([] { plan_cgroups("/c1", "c1", CgroupHost{}); }).find("cgroup2"),
            std::string::npos);
}

TEST(CgroupPaths, AreFoundByController) {
  const CgroupPaths paths = plan_cgroups("", "c1", kHost);
  EXPECT_EQ(paths.find("cpuacct")->controllers, "cpu,cpuacct");
  EXPECT_EQ(paths.find("name=systemd")->controllers, "name=systemd");
  EXPECT_EQ(paths.find("")->controllers, "");
  EXPECT_EQ(paths.find("memory"), nullptr);
  EXPECT_FALSE(paths.unified_only());
}

}  // namespace
}  // namespace gocker
