// What cgroup v2 has of its own (config-linux.md, "Control groups"): for machines where it is
// alone, as in the virtual machine of tests/vm.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Cgroup2 : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (!IsSkipped() && !cgroups_are_unified()) GTEST_SKIP() << "cgroup v2 is not alone here";
  }
  void start_box(const Words& command = {"sleep"}) {
    box.bundle.set_command(command);
    ASSERT_TRUE(succeeds(box.run({"--detach"})));
  }
  std::string group() const { return "/sys/fs/cgroup" + box.cgroups_path(); }
  std::string value_of(const std::string& file) const { return first_line(group() + "/" + file); }
  Outcome exec(const Words& words) const {
    Words call = {"exec", box.id(), "/inside"};
    call.insert(call.end(), words.begin(), words.end());
    return runtime.call(call);
  }
};

// --- limits --------------------------------------------------------------------------------------

struct Conversion {
  const char* name;
  const char* resources;
  const char* file;
  const char* value;
};

std::ostream& operator<<(std::ostream& stream, const Conversion& row) {
  return stream << row.name;
}

// The weights are those of the formula that keeps 1024 shares at the default weight of 100.
const Conversion kConversions[] = {
    {"FewestShares", R"({"cpu": {"shares": 2}})", "cpu.weight", "1"},
    {"HalfTheShares", R"({"cpu": {"shares": 512}})", "cpu.weight", "59"},
    {"DefaultShares", R"({"cpu": {"shares": 1024}})", "cpu.weight", "100"},
    {"MostShares", R"({"cpu": {"shares": 262144}})", "cpu.weight", "10000"},
    {"UnlimitedSwap", R"({"memory": {"limit": 67108864, "swap": -1}})", "memory.swap.max", "max"},
    {"NoSwap", R"({"memory": {"limit": 67108864, "swap": 67108864}})", "memory.swap.max", "0"},
    {"SwapBesideMemory", R"({"memory": {"limit": 67108864, "swap": 100663296}})", "memory.swap.max",
     "33554432"},
    {"Processors", R"({"cpu": {"cpus": "0-1"}})", "cpuset.cpus", "0-1"},
    {"UnifiedOnly", R"({"unified": {"memory.high": "50331648"}})", "memory.high", "50331648"},
    {"UnifiedOverTheOthers",
     R"({"memory": {"limit": 67108864}, "unified": {"memory.max": "100663296"}})", "memory.max",
     "100663296"},
    {"UnifiedQuota", R"({"unified": {"cpu.max": "10000 20000"}})", "cpu.max", "10000 20000"},
};

class EachConversion : public Cgroup2, public ::testing::WithParamInterface<Conversion> {};
INSTANTIATE_TEST_SUITE_P(Cgroup2, EachConversion, ::testing::ValuesIn(kConversions),
                         [](const ::testing::TestParamInfo<Conversion>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(EachConversion, IsWhatTheKernelHas) {
  box.config().set("/linux/resources", Value::parse(GetParam().resources));
  start_box();
  EXPECT_EQ(value_of(GetParam().file), GetParam().value);
}

TEST_F(Cgroup2, ThrottledDiskIsSet) {
  const std::string disk = first_line("/sys/block/vda/dev");
  if (disk == "unreadable") GTEST_SKIP() << "no /dev/vda";
  Value rate;
  rate.set("/major", std::stoi(disk));
  rate.set("/minor", std::stoi(disk.substr(disk.find(':') + 1)));
  rate.set("/rate", 1048576);
  box.config().append("/linux/resources/blockIO/throttleReadBpsDevice", rate);
  rate.set("/rate", 100);
  box.config().append("/linux/resources/blockIO/throttleWriteIOPSDevice", rate);
  start_box();
  EXPECT_EQ(value_of("io.max"), disk + " rbps=1048576 wbps=max riops=max wiops=100");
}

// BFQ takes the weight as it is, the kernel's own way from 1 to 10000.
TEST_F(Cgroup2, DiskWeightIsSet) {
  start_box();
  const bool bfq = fs::exists(group() + "/io.bfq.weight");
  if (!bfq && !fs::exists(group() + "/io.weight")) GTEST_SKIP() << "this kernel weighs no disks";
  ASSERT_TRUE(succeeds(runtime.call({"update", "--blkio-weight", "300", box.id()})));
  EXPECT_EQ(value_of(bfq ? "io.bfq.weight" : "io.weight"), bfq ? "default 300" : "default 2930");
}

TEST_F(Cgroup2, WhatOnlyVersion1HasIsAnError) {
  for (const char* resources : {R"({"memory": {"limit": 67108864, "swappiness": 10}})",
                                R"({"memory": {"limit": 67108864, "kernelTCP": 16777216}})",
                                R"({"cpu": {"realtimeRuntime": 5000}})"}) {
    box.config().set("/linux/resources", Value::parse(resources));
    EXPECT_TRUE(fails_with(box.create(), "cgroup v2 has nothing like it")) << resources;
    runtime.call({"delete", "--force", box.id()});
  }
}

// --- processes -----------------------------------------------------------------------------------

// By CLONE_INTO_CGROUP: neither the runtime nor a helper of it is charged to the container.
TEST_F(Cgroup2, NobodyElseWasEverInIt) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "no specification asks for it";
  box.config().set("/linux/resources/pids/limit", 10);
  start_box();
  EXPECT_EQ(value_of("pids.peak"), "1");
  ASSERT_TRUE(succeeds(exec({"exit", "0"})));
  EXPECT_EQ(value_of("pids.peak"), "2");
}

TEST_F(Cgroup2, PausedOneIsFrozenWithTheGroupsBelow) {
  start_box();
  ASSERT_TRUE(fs::create_directory(group() + "/below"));
  std::ofstream(group() + "/below/cgroup.procs") << box.pid();
  ASSERT_TRUE(succeeds(runtime.call({"pause", box.id()})));
  EXPECT_EQ(box.status(), "paused");
  EXPECT_TRUE(any_line_is(group() + "/below/cgroup.events", "frozen 1"));
  ASSERT_TRUE(succeeds(runtime.call({"resume", box.id()})));
  EXPECT_TRUE(
      wait_until([&] { return any_line_is(group() + "/below/cgroup.events", "frozen 0"); }));
}

TEST_F(Cgroup2, DeleteByForceEndsWhatIsInGroupsBelow) {
  box.bundle.remove_namespace("pid");
  start_box({"children", "3"});
  ASSERT_TRUE(fs::create_directories(group() + "/below/deeper"));
  Words members;
  ASSERT_TRUE(wait_until([&] {
    std::ifstream file(group() + "/cgroup.procs");
    members.assign(std::istream_iterator<std::string>(file), {});
    return members.size() == 4;
  }));
  std::ofstream(group() + "/below/deeper/cgroup.procs") << members.back();
  ASSERT_TRUE(succeeds(runtime.call({"pause", box.id()})));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  EXPECT_TRUE(wait_until([] { return live_orphans().empty(); }));
  EXPECT_FALSE(fs::exists(group()));
}

// --- delegation ----------------------------------------------------------------------------------

class Delegation : public Cgroup2 {
 protected:
  void SetUp() override {
    Cgroup2::SetUp();
    if (IsSkipped()) return;
    box.bundle.use_user_namespace();
    box.bundle.set_namespace("cgroup");
    box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev"});
    box.config().set("/linux/resources/memory/limit", 64 << 20);
    start_box();
  }
  uid_t owner_of(const std::string& file) const {
    struct stat status = {};
    EXPECT_EQ(::stat((group() + "/" + file).c_str(), &status), 0) << file;
    return status.st_uid;
  }
};

TEST_F(Delegation, GivesTheGroupsButNotTheirLimits) {
  for (const char* file : {"", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}) {
    EXPECT_EQ(owner_of(file), kFirstMappedId) << file;
  }
  for (const char* file : {"memory.max", "pids.max", "cpu.max"}) EXPECT_EQ(owner_of(file), 0U);
  EXPECT_EQ(exec({"try", "write", "/sys/fs/cgroup/memory.max", "max"}).out, "[\"EACCES\"]\n");
}

// As an init system or an engine inside does: all processes into a group of their own first.
TEST_F(Delegation, LetsTheContainerHaveLimitedGroupsOfItsOwn) {
  const std::string top = "/sys/fs/cgroup";
  const Outcome outcome =
      exec({"try", "mkdir", top + "/all", "--", "write", top + "/all/cgroup.procs", "1", "--",
            "write", top + "/all/cgroup.procs", "0", "--", "write", top + "/cgroup.subtree_control",
            "+pids +memory", "--", "write", top + "/all/pids.max", "20"});
  EXPECT_EQ(outcome.out, "[\"ok\",\"ok\",\"ok\",\"ok\",\"ok\"]\n") << outcome;
  EXPECT_EQ(value_of("all/pids.max"), "20");
  // The top group can't take processes any more.
  EXPECT_TRUE(succeeds(exec({"exit", "0"})));
  EXPECT_TRUE(succeeds(box.remove_by_force()));
}

// --- statistics ----------------------------------------------------------------------------------

TEST_F(Cgroup2, PressureIsInTheStatistics) {
  if (!fs::exists("/proc/pressure/cpu")) GTEST_SKIP() << "this kernel counts no pressure";
  start_box();
  const Outcome outcome = runtime.call({"events", "--stats", box.id()});
  ASSERT_TRUE(succeeds(outcome));
  const Value event = Value::parse(outcome.out);
  for (const char* resource : {"cpu", "memory", "blkio"}) {
    for (const char* member : {"some/avg10", "some/avg60", "some/avg300", "full/total"}) {
      EXPECT_TRUE(event.has(std::string("/data/") + resource + "/psi/" + member)) << resource;
    }
  }
}

// --- devices -------------------------------------------------------------------------------------

constexpr const char* kNothing = R"({"allow": false, "access": "rwm"})";
constexpr const char* kFuse =
    R"({"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm"})";

class DeviceFilter : public Cgroup2 {
 protected:
  void SetUp() override {
    Cgroup2::SetUp();
    if (IsSkipped()) return;
    add_device("/dev/fuse", 10, 229);
    add_device("/dev/loop", 7, 0, "b");
  }
  void add_device(const char* path, int major, int minor, const char* type = "c") {
    Value device;
    device.set("/path", path);
    device.set("/type", type);
    device.set("/major", major);
    device.set("/minor", minor);
    box.config().append("/linux/devices", device);
  }
  Outcome update(const std::string& rules) const {
    std::ofstream(path("rules.json")) << "{\"devices\": [" << rules << "]}";
    return runtime.call({"update", "--resources", path("rules.json"), box.id()});
  }
  std::string open_fuse() const { return exec({"try", "open", "/dev/fuse", "rw"}).out; }
};

// At no moment is there none, and it stays one: a group takes 64 of them.
TEST_F(DeviceFilter, UpdateReplacesItInOneStep) {
  box.config().append("/linux/resources/devices", Value::parse(kNothing));
  box.config().append("/linux/resources/devices", Value::parse(kFuse));
  box.bundle.set_command({"watch-devices", "/dev/fuse", "/dev/loop"});
  Running watcher = box.run_in_background();
  ASSERT_TRUE(wait_until([&] { return watcher.output() == "ready\n"; })) << watcher.errors();
  constexpr int kTimes = 70;
  for (int i = 0; i < kTimes; ++i) {
    ASSERT_TRUE(succeeds(update(std::string(kNothing) + ", " + kFuse))) << i;
  }
  ASSERT_TRUE(succeeds(box.kill("TERM")));
  EXPECT_EQ(watcher.wait().code, 0) << "1: an allowed device was denied, 2: a denied one allowed";
}

TEST_F(DeviceFilter, UpdateTakesAwayAndGives) {
  start_box();
  EXPECT_EQ(open_fuse(), "[\"EPERM\"]\n");
  ASSERT_TRUE(succeeds(update(std::string(kNothing) + ", " + kFuse)));
  EXPECT_EQ(open_fuse(), "[\"ok\"]\n");
  ASSERT_TRUE(succeeds(update(kNothing)));
  EXPECT_EQ(open_fuse(), "[\"EPERM\"]\n");
}

// The kernel charges BPF programs to control groups and no longer to RLIMIT_MEMLOCK.
TEST_F(DeviceFilter, NeedsNoLockedMemory) {
  box.bundle.set_command({"try", "open", "/dev/fuse", "rw", "--", "open", "/dev/null", "rw"});
  Program program = box.program("run");
  const Words limited = {"/usr/bin/prlimit", "--memlock=0:0", "/usr/bin/setpriv",
                         "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"};
  program.args.insert(program.args.begin(), limited.begin(), limited.end());
  const Outcome outcome = run_program(program);
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.out, "[\"EPERM\",\"ok\"]\n");
}

}  // namespace
}  // namespace gocker::test
