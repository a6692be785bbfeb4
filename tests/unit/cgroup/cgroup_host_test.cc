#include "runtime/cgroup/cgroup_host.h"

#include <gtest/gtest.h>

namespace gocker {
namespace {

using Hierarchies = std::vector<CgroupHost::Hierarchy>;

TEST(CgroupHost, FindsTheUnifiedHierarchyAlone) {
  const CgroupHost host = parse_cgroup_host(
      "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "22 21 0:5 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
      "28 22 0:24 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 "
      "rw,nsdelegate,memory_recursiveprot\n");
  EXPECT_EQ(host.hierarchies, (Hierarchies{{"", "/sys/fs/cgroup", "/"}}));
  EXPECT_TRUE(host.unified_only());
}

TEST(CgroupHost, ReadsControllersThatAreMountedTogetherAndNamedHierarchies) {
  const CgroupHost host = parse_cgroup_host(
      "22 21 0:5 / /sys rw - sysfs sysfs rw\n"
      "30 22 0:25 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
      "31 30 0:26 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup "
      "rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd\n"
      "32 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n"
      "33 30 0:28 / /sys/fs/cgroup/net_cls,net_prio rw shared:12 - cgroup cgroup "
      "rw,net_cls,net_prio\n"
      "34 30 0:29 / /sys/fs/cgroup/cpuset rw shared:13 - cgroup cgroup rw,cpuset,clone_children\n");
  EXPECT_EQ(host.hierarchies,
            (Hierarchies{{"name=systemd", "/sys/fs/cgroup/systemd", "/"},
                         {"cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/"},
                         {"net_cls,net_prio", "/sys/fs/cgroup/net_cls,net_prio", "/"},
                         {"cpuset", "/sys/fs/cgroup/cpuset", "/"}}));
  EXPECT_FALSE(host.unified_only());
  EXPECT_EQ(host.find("cpuacct")->mount_point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(host.find("net"), nullptr);
  EXPECT_EQ(host.find(""), nullptr);
}

TEST(CgroupHost, FindsTheUnifiedHierarchyBesideOthers) {
  const CgroupHost host = parse_cgroup_host(
      "30 22 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "31 30 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "32 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  ASSERT_NE(host.find(""), nullptr);
  EXPECT_EQ(host.find("")->mount_point, "/sys/fs/cgroup/unified");
  EXPECT_FALSE(host.unified_only());
}

TEST(CgroupHost, KeepsTheRootOfAMountInsideAContainer) {
  const CgroupHost host = parse_cgroup_host(
      "80 70 0:27 /docker/c0ffee /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory\n");
  EXPECT_EQ(host.hierarchies, (Hierarchies{{"memory", "/sys/fs/cgroup/memory", "/docker/c0ffee"}}));
}

TEST(CgroupHost, PrefersTheCustomaryPlaceAndThenAWritableMount) {
  const CgroupHost host = parse_cgroup_host(
      "40 21 0:27 / /opt/memory rw - cgroup cgroup rw,memory\n"
      "41 21 0:27 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
      "42 21 0:27 / /sys/fs/cgroup/again rw - cgroup cgroup rw,memory\n"
      "43 21 0:27 / /srv/memory rw - cgroup cgroup rw,memory\n");
  EXPECT_EQ(host.hierarchies, (Hierarchies{{"memory", "/sys/fs/cgroup/again", "/"}}));
}

TEST(CgroupHost, TakesAnotherPlaceWhereTheCustomaryOneIsAbsent) {
  const CgroupHost host =
      parse_cgroup_host("40 21 0:27 / /opt/my\\040groups rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(host.hierarchies, (Hierarchies{{"", "/opt/my groups", "/"}}));
}

TEST(CgroupHost, LeavesOutWhatAnotherMountHides) {
  const CgroupHost covered_above = parse_cgroup_host(
      "22 21 0:5 / /sys rw - sysfs sysfs rw\n"
      "30 22 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "31 30 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "50 30 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(covered_above.hierarchies, (Hierarchies{{"", "/sys/fs/cgroup", "/"}}));

  const CgroupHost covered_itself = parse_cgroup_host(
      "31 30 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "51 31 0:30 / /sys/fs/cgroup/memory rw - tmpfs tmpfs rw\n");
  EXPECT_TRUE(covered_itself.hierarchies.empty());
}

TEST(CgroupHost, SurvivesLinesThatMakeNoSense) {
  EXPECT_TRUE(parse_cgroup_host("").hierarchies.empty());
  EXPECT_TRUE(
      parse_cgroup_host("\n- - -\n1 2 3\n1 1 0:1 / / rw -\nx y z a b c - cgroup c rw,memory\n")
          .hierarchies.empty());
}

TEST(CgroupHost, KnowsTheHierarchiesOfThisProcess) {
  for (const CgroupHost::Hierarchy& hierarchy : cgroup_host().hierarchies) {
    EXPECT_TRUE(hierarchy.mount_point.starts_with("/")) << hierarchy.controllers;
  }
}

}  // namespace
}  // namespace gocker
