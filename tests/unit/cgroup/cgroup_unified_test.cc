// The life of groups where cgroup2 alone is mounted.
#include <signal.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/cgroup.h"
#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

class UnifiedCgroup : public TestGroups {
 protected:
  Cgroup make(const CgroupHost& host, const std::string& name) {
    Cgroup cgroup(plan_cgroups(top() + "/" + name, name, host));
    cgroup.create();
    return cgroup;
  }
};

bool has_controller(const std::string& name) {
  return content_of("/sys/fs/cgroup/cgroup.controllers").find(name) != std::string::npos;
}

TEST_F(UnifiedCgroup, IsOneDirectoryThatAProcessIsClonedInto) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host, "c1");
    ASSERT_EQ(cgroup.paths().hierarchies.size(), 1U);
    EXPECT_EQ(cgroup.paths().hierarchies.front().directory, "/sys/fs/cgroup" + top() + "/c1");
    EXPECT_TRUE(cgroup.open_tasks_files().empty());
    const Child process = start_inside(cgroup);
    EXPECT_EQ(cgroup.pids(), std::vector<pid_t>{process.pid()});
    cgroup.kill_all(SIGKILL);
    cgroup.remove();
    EXPECT_FALSE(exists(cgroup.paths().hierarchies.front().directory));
  });
}

TEST_F(UnifiedCgroup, HasAllControllersThatTheHostHas) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host, "a/b/c1");
    EXPECT_EQ(content_of(cgroup.paths().hierarchies.front().directory + "/cgroup.controllers"),
              content_of("/sys/fs/cgroup/cgroup.controllers"));
  });
}

TEST_F(UnifiedCgroup, HandsControllersDownForALimit) {
  on_unified_host([&](const CgroupHost& host) {
    if (!has_controller("hugetlb")) return;
    // Made by hand, so nothing is handed down yet.
    const std::string group = "/sys/fs/cgroup" + top() + "/a/b";
    make_directories(group, 0755);
    const Cgroup planned(plan_cgroups(top() + "/a/b", "b", host));
    Cgroup cgroup(planned.paths());
    EXPECT_EQ(content_of(group + "/cgroup.controllers"), "");
    cgroup.update({.hugepage_limits = {{"2MB", 2097152}}});
    EXPECT_EQ(content_of(group + "/hugetlb.2MB.max"), "2097152");
    cgroup.update({.unified = {{"hugetlb.2MB.max", "4194304"}, {"cgroup.max.depth", "5"}}});
    EXPECT_EQ(content_of(group + "/hugetlb.2MB.max"), "4194304");
    EXPECT_EQ(content_of(group + "/cgroup.max.depth"), "5");
  });
}

TEST_F(UnifiedCgroup, SaysWhyAGroupWithProcessesCanNotHandDownControllers) {
  on_unified_host([&](const CgroupHost& host) {
    if (!has_controller("hugetlb")) return;
    const std::string above = "/sys/fs/cgroup" + top() + "/busy";
    make_directories(above, 0755);
    const Cgroup busy(plan_cgroups(top() + "/busy", "busy", host));
    const Child process = start_inside(busy);
    Cgroup cgroup = make(host, "busy/c1");
    const std::string error = error_of([&] {
      cgroup.apply({.hugepage_limits = {{"2MB", 2097152}}});
    });
    EXPECT_NE(error.find("processes are in that group"), std::string::npos) << error;
    EXPECT_NE(error.find("/linux/resources/hugepageLimits/0"), std::string::npos) << error;
  });
}

TEST_F(UnifiedCgroup, SaysWhichControllerIsMissing) {
  on_unified_host([&](const CgroupHost& host) {
    if (has_controller("memory")) return;
    Cgroup cgroup = make(host, "c1");
    EXPECT_EQ(error_of([&] { cgroup.apply({.memory = oci::MemoryResources{.limit = 1 << 20}}); }),
              "set limits: /linux/resources/memory/limit: no memory controller on this host");
    EXPECT_EQ(error_of([&] { cgroup.apply({.pids_limit = 5}); }),
              "set limits: /linux/resources/pids/limit: no pids controller on this host");
    EXPECT_EQ(error_of([&] {
                cgroup.apply({.unified = {{"memory.high", "1"}}});
              }),
              "set limits: /linux/resources/unified/memory.high: no memory controller on this "
              "host");
    // What engines send for "unset" needs no controller.
    cgroup.apply({.memory = oci::MemoryResources{.limit = 0, .swap = 0, .kernel = 0},
                  .cpu = oci::CpuResources{.shares = 0, .quota = 0, .period = 0},
                  .block_io = oci::BlockIoResources{.weight = 0}});
  });
}

TEST_F(UnifiedCgroup, FreezesThawsAndKills) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host, "c1");
    Child process = start_inside(cgroup);
    cgroup.freeze();
    EXPECT_TRUE(cgroup.is_frozen());
    EXPECT_EQ(content_of(cgroup.paths().hierarchies.front().directory + "/cgroup.freeze"), "1");
    cgroup.thaw();
    EXPECT_FALSE(cgroup.is_frozen());
    cgroup.freeze();
    cgroup.kill_all(SIGKILL);
    EXPECT_EQ(exit_code_of(process.wait()), 128 + SIGKILL);
  });
}

TEST_F(UnifiedCgroup, ListsTheProcessesOfThreadedGroups) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host, "c1");
    const Child process = start_inside(cgroup);
    const std::string threaded = cgroup.paths().hierarchies.front().directory + "/threads";
    make_directories(threaded, 0755);
    write_file(threaded + "/cgroup.type", "threaded");
    write_file(threaded + "/cgroup.threads", std::to_string(process.pid()));
    EXPECT_EQ(cgroup.pids(), std::vector<pid_t>{process.pid()});
  });
}

TEST_F(UnifiedCgroup, IsMountedByItselfOrWithTheWholeTree) {
  on_unified_host([&](const CgroupHost& host) {
    const Cgroup cgroup = make(host, "a/c1");
    using Mounts = std::vector<CgroupMount>;
    EXPECT_EQ(cgroup.mounts(CgroupNamespace::own),
              (Mounts{{"", "/sys/fs/cgroup" + top() + "/a/c1", {}}}));
    EXPECT_EQ(cgroup.mounts(CgroupNamespace::host), (Mounts{{"", "/sys/fs/cgroup", {}}}));
  });
}

}  // namespace
}  // namespace gocker
