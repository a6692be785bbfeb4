#include "runtime/cgroup/systemd_name.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

std::string planned(const std::string& path, SystemdInstance instance = SystemdInstance::system) {
  const ScopeName name = plan_scope(path, "c1", instance);
  return name.slice + " " + name.unit;
}

TEST(ScopeName, IsTakenFromThePath) {
  EXPECT_EQ(planned("machine.slice:libpod:c1"), "machine.slice libpod-c1.scope");
  EXPECT_EQ(planned("kubepods-burstable-pod1.slice:cri-containerd:c1"),
            "kubepods-burstable-pod1.slice cri-containerd-c1.scope");
  EXPECT_EQ(planned("-.slice::c1"), "-.slice c1.scope");
  EXPECT_EQ(planned("a.slice:b:c.scope"), "a.slice b-c.scope");
}

TEST(ScopeName, HasADefaultForWhatIsEmpty) {
  EXPECT_EQ(planned(""), "system.slice gocker-c1.scope");
  EXPECT_EQ(planned(":gk:c1"), "system.slice gk-c1.scope");
  EXPECT_EQ(planned("", SystemdInstance::user), "user.slice gocker-c1.scope");
}

TEST(ScopeName, RefusesOtherForms) {
  for (const char* path : {"/a/b", "a", "a:b", "a.slice:b:", "a.slice:b:c:d"}) {
    EXPECT_EQ(error_of([&] { planned(path); }),
              "/linux/cgroupsPath: \"" + std::string(path) +
                  "\": must be SLICE:PREFIX:NAME where systemd makes the group");
  }
}

TEST(ScopeName, RefusesNamesThatSystemdDoesNotTake) {
  for (const char* path : {"a.slice:b:../c", "a.slice:b:c d", "a.slice:b:c/d"}) {
    EXPECT_NE(error_of([&] { planned(path); }).find("is no name of a unit"), std::string::npos);
  }
  for (const char* path : {"a:b:c", "../a.slice:b:c", ".slice:b:c", "a--b.slice:b:c",
                           "a-.slice:b:c", "-a.slice:b:c"}) {
    EXPECT_NE(error_of([&] { planned(path); }).find("is no name of a slice"), std::string::npos)
        << path;
  }
}

}  // namespace
}  // namespace gocker
