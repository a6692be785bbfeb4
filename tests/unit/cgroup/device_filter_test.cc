#include "runtime/cgroup/device_filter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

constexpr auto kAny = std::nullopt;
const oci::DeviceRule kDenyAll{false, 'a', kAny, kAny, "rwm"};
const oci::DeviceRule kAllowAll{true, 'a', kAny, kAny, "rwm"};
const oci::DeviceRule kKernelLog{true, 'c', 1, 11, "rmw"};

class DeviceFilter : public TestGroups {
 protected:
  // The errno of opening a device from inside the group, 0 where it can be opened.
  static int open_inside(const Cgroup& cgroup, const char* device, int flags) {
    return run_inside(cgroup, [&] { return Fd(::open(device, flags | O_CLOEXEC)) ? 0 : errno; });
  }

  static int mknod_inside(const Cgroup& cgroup, mode_t type, unsigned major, unsigned minor) {
    const TempDir folder;
    const std::string path = folder.path() + "/node";
    return run_inside(cgroup, [&] {
      return ::mknod(path.c_str(), type | 0600, ::makedev(major, minor)) == 0 ? 0 : errno;
    });
  }

  Cgroup make(const CgroupHost& host) {
    Cgroup cgroup(plan_cgroups(top() + "/c1", "c1", host));
    cgroup.create();
    return cgroup;
  }
};

TEST_F(DeviceFilter, DeniesAllButTheDefaultDevices) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), 0);
    cgroup.filter_devices({});
    EXPECT_EQ(open_inside(cgroup, "/dev/null", O_RDWR), 0);
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), EPERM);
    EXPECT_EQ(mknod_inside(cgroup, S_IFCHR, 1, 11), 0);
    EXPECT_EQ(mknod_inside(cgroup, S_IFBLK, 7, 0), 0);
    EXPECT_EQ(Fd(::open("/dev/kmsg", O_RDONLY | O_CLOEXEC)).get() >= 0, true);
  });
}

TEST_F(DeviceFilter, HoldsTheUsersRulesInTheirOrder) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    cgroup.filter_devices({.devices = {kDenyAll, kKernelLog, {false, 'c', 1, 11, "w"}}});
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), 0);
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_WRONLY), EPERM);
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDWR), EPERM);
  });
}

TEST_F(DeviceFilter, ExpressesWhatCgroupV1CanNot) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    cgroup.filter_devices({.devices = {{true, 'c', 1, kAny, "rw"}, {false, 'c', 1, 11, "rw"}}});
    EXPECT_EQ(open_inside(cgroup, "/dev/null", O_RDWR), 0);
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), EPERM);
  });
}

TEST_F(DeviceFilter, LetsAPrivilegedContainerUseAll) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    cgroup.filter_devices({.devices = {kAllowAll}});
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDWR), 0);
  });
}

TEST_F(DeviceFilter, IsReplacedByAnUpdateAndNotStacked) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    cgroup.filter_devices({});
    for (int round = 0; round < 70; ++round) {  // the kernel takes 64 at the most
      cgroup.update({.devices = {kDenyAll, kKernelLog}});
      cgroup.update({.devices = {kDenyAll}});
    }
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), EPERM);
    cgroup.update({.devices = {kAllowAll}});
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), 0);
  });
}

TEST_F(DeviceFilter, StaysWhereAnUpdateNamesNoDevices) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    cgroup.filter_devices({.devices = {kDenyAll, kKernelLog}});
    cgroup.update({});
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), 0);
  });
}

TEST_F(DeviceFilter, TakesManyRules) {
  on_unified_host([&](const CgroupHost& host) {
    Cgroup cgroup = make(host);
    oci::Resources resources{.devices = {kDenyAll}};
    for (uint32_t minor = 0; minor < 2000; ++minor) {
      resources.devices.push_back({true, 'c', 240, minor, "rw"});
    }
    resources.devices.insert(resources.devices.begin() + 1, kKernelLog);
    cgroup.filter_devices(resources);
    EXPECT_EQ(open_inside(cgroup, "/dev/kmsg", O_RDONLY), 0);
    EXPECT_EQ(open_inside(cgroup, "/dev/loop-control", O_RDONLY), EPERM);
  });
}

}  // namespace
}  // namespace gocker
