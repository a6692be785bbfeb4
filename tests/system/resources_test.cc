// Resources that need a certain machine, or of which a kernel knows only some (config-linux.md,
// "Control groups"); the common ones are in cgroup_test.cc.
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

// Where the cgroup2 is mounted; "" where it is not.
std::string unified_mount() {
  for (const char* point : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (fs::exists(std::string(point) + "/cgroup.controllers")) return point;
  }
  return {};
}

class Resources : public SystemTest {
 protected:
  void start_box() {
    box.bundle.set_command({"sleep"});
    ASSERT_TRUE(succeeds(box.run({"--detach"})));
  }
  std::string group_of(const std::string& controller) const {
    return cgroup_directory(controller, box.cgroups_path());
  }
  void set(const char* json) { box.config().set("/linux/resources", Value::parse(json)); }
};

// --- memory and CPU of cgroup v1 -----------------------------------------------------------------

TEST_F(Resources, FormerMemoryFieldsAreTakenWhereTheKernelKnowsNoOtherValue) {
  if (cgroups_are_unified()) GTEST_SKIP() << "no cgroup v1";
  KNOWN_GAP(kRunc, "it ignores useHierarchy");
  set(R"({"memory": {"limit": 67108864, "kernel": 33554432, "useHierarchy": true}})");
  start_box();
  const std::string file = group_of("memory") + "/memory.use_hierarchy";
  EXPECT_EQ(first_line(file), fs::exists(file) ? "1" : "unreadable");
}

TEST_F(Resources, NoHierarchyIsAClearError) {
  KNOWN_GAP(kRunc, "it ignores useHierarchy");
  set(R"({"memory": {"limit": 67108864, "useHierarchy": false}})");
  EXPECT_TRUE(fails_with(box.create(), "linux.resources.memory.useHierarchy"));
}

TEST_F(Resources, KernelTcpIsSetWhereTheKernelHasIt) {
  const std::string file = "/memory.kmem.tcp.limit_in_bytes";
  if (cgroups_are_unified() || !fs::exists(cgroup_directory("memory", "/") + file)) {
    GTEST_SKIP() << "this kernel has no limit of TCP memory";
  }
  KNOWN_GAP(kRunc, "it ignores the property");
  set(R"({"memory": {"kernelTCP": 16777216}})");
  start_box();
  EXPECT_EQ(first_line(group_of("memory") + file), "16777216");
}

TEST_F(Resources, CheckBeforeUpdateLetsALimitAboveTheUsagePass) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller";
  set(R"({"memory": {"limit": 67108864, "checkBeforeUpdate": true}})");
  start_box();
  const std::string file = cgroups_are_unified() ? "/memory.max" : "/memory.limit_in_bytes";
  EXPECT_EQ(first_line(group_of("memory") + file), "67108864");
}

TEST_F(Resources, RealtimeShareIsSet) {
  const std::string root = cgroup_directory("cpu", "/");
  if (cgroups_are_unified() || !fs::exists(root + "/cpu.rt_runtime_us")) {
    GTEST_SKIP() << "this kernel has no real-time shares of groups";
  }
  set(R"({"cpu": {"realtimePeriod": 500000, "realtimeRuntime": 5000}})");
  start_box();
  EXPECT_EQ(first_line(group_of("cpu") + "/cpu.rt_period_us"), "500000");
  EXPECT_EQ(first_line(group_of("cpu") + "/cpu.rt_runtime_us"), "5000");
}

// --- disks ---------------------------------------------------------------------------------------

// A loop device without a file behind it, scheduled by BFQ while the test runs.
class ScheduledLoop {
 public:
  ScheduledLoop() {
    for (const char* name : {"loop7", "loop6"}) {
      const std::string directory = std::string("/sys/block/") + name;
      if (fs::exists(directory + "/loop") || !fs::exists(directory)) continue;
      file_ = directory + "/queue/scheduler";
      before_ = chosen();
      choose("bfq");
      number_ = first_line(directory + "/dev");
      return;
    }
  }
  ScheduledLoop(const ScheduledLoop&) = delete;
  ScheduledLoop& operator=(const ScheduledLoop&) = delete;
  ~ScheduledLoop() {
    if (!before_.empty()) choose(before_);
  }
  bool works() const { return !file_.empty() && chosen() == "bfq"; }
  const std::string& number() const { return number_; }  // "7:7"

 private:
  // "none mq-deadline [bfq]" -> "bfq"
  std::string chosen() const {
    const std::string line = first_line(file_);
    const size_t start = line.find('[');
    return start == std::string::npos ? "" : line.substr(start + 1, line.find(']') - start - 1);
  }
  void choose(const std::string& scheduler) const { std::ofstream(file_) << scheduler; }

  std::string file_;
  std::string before_;
  std::string number_;
};

class DiskWeights : public Resources {
 protected:
  void SetUp() override {
    Resources::SetUp();
    if (IsSkipped()) return;
    if (!has_file("blkio.bfq.weight")) GTEST_SKIP() << "no BFQ weights of groups in cgroup v1";
  }
  // Of any group but the root, which has no weights.
  bool has_file(const std::string& name) const {
    if (cgroups_are_unified() || !has_controller("blkio")) return false;
    const std::string probe = cgroup_directory("blkio", box.cgroups_path() + "-probe");
    fs::create_directory(probe);
    const bool found = fs::exists(probe + "/" + name);
    ::rmdir(probe.c_str());
    return found;
  }
};

TEST_F(DiskWeights, OfTheGroupIsSet) {
  set(R"({"blockIO": {"weight": 300}})");
  start_box();
  EXPECT_TRUE(any_line_is(group_of("blkio") + "/blkio.bfq.weight", "300"));
}

TEST_F(DiskWeights, OfOneDiskIsSet) {
  const ScheduledLoop disk;
  if (!disk.works()) GTEST_SKIP() << "no disk that BFQ could schedule";
  const size_t colon = disk.number().find(':');
  Value device;
  device.set("/major", std::stoi(disk.number()));
  device.set("/minor", std::stoi(disk.number().substr(colon + 1)));
  device.set("/weight", 200);
  box.config().append("/linux/resources/blockIO/weightDevice", device);
  start_box();
  EXPECT_TRUE(any_line_is(group_of("blkio") + "/blkio.bfq.weight_device", disk.number() + " 200"));
}

// CFQ had them; it left the kernel with Linux 5.0.
TEST_F(DiskWeights, OfLeavesAreAClearErrorWhereTheKernelHasNone) {
  if (has_file("blkio.leaf_weight")) GTEST_SKIP() << "this kernel has them";
  set(R"({"blockIO": {"leafWeight": 300}})");
  EXPECT_TRUE(fails_with(box.create(), "linux.resources.blockIO.leafWeight: .*no such weights"));
  set(R"({"blockIO": {"weightDevice": [{"major": 7, "minor": 0, "leafWeight": 300}]}})");
  EXPECT_TRUE(fails_with(box.create(), "linux.resources.blockIO.weightDevice: .*no such weights"));
}

// --- network -------------------------------------------------------------------------------------

// A cgroup v1 hierarchy that this machine has and did not mount; seen by this test alone.
class MountedHierarchy {
 public:
  MountedHierarchy(std::string controller, std::string point)
      : controller_(std::move(controller)), point_(std::move(point)) {
    fs::create_directories(point_);
    mounted_ = ::mount("cgroup", point_.c_str(), "cgroup", 0, controller_.c_str()) == 0;
  }
  MountedHierarchy(const MountedHierarchy&) = delete;
  MountedHierarchy& operator=(const MountedHierarchy&) = delete;
  // A hierarchy goes with its last mount only where no group is left below its root, and a removed
  // group takes a moment to be gone: else everybody would see it from now on.
  ~MountedHierarchy() {
    if (!mounted_) return;
    wait_until([&] { return live_orphans().empty() && groups() == 1; });  // it reaps zombies
    ::umount2(point_.c_str(), 0);
    wait_until([&] { return !exists(); });
  }
  // Where the cgroup2 is the only one at /sys/fs/cgroup, runtimes look for no other.
  bool works() const { return mounted_ && !cgroups_are_unified(); }
  std::string group(const std::string& path) const { return point_ + path; }

 private:
  struct Line {  // of /proc/cgroups
    int hierarchy = 0;
    int groups = 0;
  };
  Line line() const {
    std::ifstream file("/proc/cgroups");
    Line found;
    for (std::string name, rest; file >> name; std::getline(file, rest)) {
      if (name == controller_ && file >> found.hierarchy >> found.groups) return found;
    }
    return {};
  }
  bool exists() const { return line().hierarchy != 0; }
  int groups() const { return line().groups; }

  std::string controller_;
  std::string point_;
  bool mounted_ = false;
};

TEST_F(Resources, NetworkClassIsSet) {
  KNOWN_GAP(kRunc, "it looks below /sys/fs/cgroup only");
  const MountedHierarchy hierarchy("net_cls", path("net_cls"));
  if (!hierarchy.works()) GTEST_SKIP() << "no net_cls controller to mount";
  set(R"({"network": {"classID": 1048577}})");
  start_box();
  EXPECT_EQ(first_line(hierarchy.group(box.cgroups_path()) + "/net_cls.classid"), "1048577");
  ASSERT_TRUE(succeeds(box.remove_by_force()));
}

TEST_F(Resources, NetworkPrioritiesAreSet) {
  KNOWN_GAP(kRunc, "it looks below /sys/fs/cgroup only");
  const MountedHierarchy hierarchy("net_prio", path("net_prio"));
  if (!hierarchy.works()) GTEST_SKIP() << "no net_prio controller to mount";
  set(R"({"network": {"priorities": [{"name": "lo", "priority": 4}]}})");
  start_box();
  EXPECT_TRUE(any_line_is(hierarchy.group(box.cgroups_path()) + "/net_prio.ifpriomap", "lo 4"));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
}

TEST_F(Resources, PriorityOfAnAbsentInterfaceIsAClearError) {
  KNOWN_GAP(kRunc, "it looks below /sys/fs/cgroup only");
  const MountedHierarchy hierarchy("net_prio", path("net_prio"));
  if (!hierarchy.works()) GTEST_SKIP() << "no net_prio controller to mount";
  set(R"({"network": {"priorities": [{"name": "gk-none0", "priority": 4}]}})");
  EXPECT_TRUE(fails_with(box.create(), "linux.resources.network.priorities: .*no such network"));
}

// --- the rest ------------------------------------------------------------------------------------

bool has_rdma() {
  if (has_controller("rdma")) return true;
  std::ifstream controllers(unified_mount() + "/cgroup.controllers");
  for (std::string name; controllers >> name;) {
    if (name == "rdma") return true;
  }
  return false;
}

TEST_F(Resources, RdmaLimitsAreSet) {
  KNOWN_GAP(kRunc, "it looks for no controller in the unified tree of a hybrid system");
  const std::string device =
      fs::exists("/sys/class/infiniband")
          ? fs::directory_iterator("/sys/class/infiniband")->path().filename()
          : "";
  if (!has_rdma() || device.empty()) GTEST_SKIP() << "no rdma controller, or no such device";
  set((R"({"rdma": {")" + device + R"(": {"hcaHandles": 3, "hcaObjects": 1000}}})").c_str());
  start_box();
  const std::string group =
      has_controller("rdma") ? group_of("rdma") : unified_mount() + box.cgroups_path();
  EXPECT_TRUE(any_line_is(group + "/rdma.max", device + " hca_handle=3 hca_object=1000"));
}

TEST_F(Resources, RdmaWithoutTheControllerIsAClearError) {
  KNOWN_GAP(kRunc, "it ignores what the machine lacks");
  if (has_rdma()) GTEST_SKIP() << "this machine has it";
  set(R"({"rdma": {"mlx5_1": {"hcaHandles": 3}}})");
  EXPECT_TRUE(
      fails_with(box.create(), "linux.resources.rdma.mlx5_1: no rdma controller on this host"));
}

TEST_F(Resources, UnifiedFilesAreWritten) {
  KNOWN_GAP(kRunc, "it refuses them on a hybrid system");
  if (unified_mount().empty()) GTEST_SKIP() << "no cgroup2 is mounted";
  set(R"({"unified": {"cgroup.max.descendants": "7", "cgroup.max.depth": "3"}})");
  start_box();
  const std::string group = unified_mount() + box.cgroups_path();
  EXPECT_EQ(first_line(group + "/cgroup.max.descendants"), "7");
  EXPECT_EQ(first_line(group + "/cgroup.max.depth"), "3");
}

TEST_F(Resources, UnifiedFileThatIsAbsentIsAClearError) {
  KNOWN_GAP(kRunc, "it refuses them on a hybrid system");
  set(R"({"unified": {"nosuch.file": "1"}})");
  EXPECT_TRUE(fails_with(box.create(), "linux.resources.unified.*nosuch"));
}

}  // namespace
}  // namespace gocker::test
