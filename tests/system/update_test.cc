// pause, resume and update.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "runtime/base/fd.h"
#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Update : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (::geteuid() != 0) return;
    box.bundle.set_command({"sleep"});
    ASSERT_TRUE(succeeds(box.run({"--detach"})));
  }

  Outcome update(const Words& options) const {
    Words words = {"update"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(box.id());
    return runtime.call(words);
  }
  Outcome update_from_stdin(const std::string& json) const {
    const std::string file = path("resources.json");
    std::ofstream(file) << json;
    Program program = runtime.program({"update", "--resources", "-", box.id()});
    const Fd input = open_file(file, O_RDONLY);
    program.input = input.get();
    return run_program(program);
  }
  // The first line of a control file: of v1 or v2, whichever this machine has.
  std::string limit(const std::string& controller, const std::string& v1_file,
                    const std::string& v2_file) const {
    const std::string file = cgroups_are_unified() ? v2_file : v1_file;
    std::ifstream stream(cgroup_directory(controller, box.cgroups_path()) + "/" + file);
    std::string line;
    std::getline(stream, line);
    return line;
  }
  std::string memory() const { return limit("memory", "memory.limit_in_bytes", "memory.max"); }
  std::string pids() const { return limit("pids", "pids.max", "pids.max"); }
};

TEST_F(Update, PausedContainerStandsStillUntilItIsResumed) {
  ASSERT_TRUE(succeeds(runtime.call({"pause", box.id()})));
  EXPECT_EQ(box.status(), "paused");
  EXPECT_TRUE(fails_with(runtime.call({"pause", box.id()}), "container not running"));
  EXPECT_TRUE(fails_with(box.remove(), "paused"));
  ASSERT_TRUE(succeeds(runtime.call({"resume", box.id()})));
  EXPECT_EQ(box.status(), "running");
  EXPECT_TRUE(fails_with(runtime.call({"resume", box.id()}), "container not paused"));
}

TEST_F(Update, PausedContainerCanBeKilledAndDeleted) {
  ASSERT_TRUE(succeeds(runtime.call({"pause", box.id()})));
  EXPECT_TRUE(succeeds(box.kill("KILL")));
  EXPECT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(succeeds(box.remove()));
}

TEST_F(Update, PauseAndUpdateOfNobodyAreErrors) {
  for (const char* command : {"pause", "resume", "update"}) {
    EXPECT_TRUE(fails_with(runtime.call({command, "nobody"}), "does not exist"));
  }
}

TEST_F(Update, StoppedContainerCanBeNeitherPausedNorUpdated) {
  ASSERT_TRUE(succeeds(box.kill("KILL")));
  ASSERT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(fails_with(runtime.call({"pause", box.id()}), "container not running"));
  EXPECT_TRUE(fails_with(update({"--pids-limit", "5"}), "container not running"));
}

struct Flag {
  const char* name;
  Words options;
  const char* controller;
  const char* v1_file;
  const char* v1_value;
  const char* v2_file;
  const char* v2_value;
};

std::ostream& operator<<(std::ostream& stream, const Flag& flag) {
  return stream << flag.name;
}

const Flag kFlags[] = {
    {"Memory",
     {"--memory", "67108864"},
     "memory",
     "memory.limit_in_bytes",
     "67108864",
     "memory.max",
     "67108864"},
    {"MemoryWithUnit",
     {"-m", "96M"},
     "memory",
     "memory.limit_in_bytes",
     "100663296",
     "memory.max",
     "100663296"},
    {"Reservation",
     {"--memory-reservation", "32m"},
     "memory",
     "memory.soft_limit_in_bytes",
     "33554432",
     "memory.low",
     "33554432"},
    {"Swap",
     {"--memory=64m", "--memory-swap=128m"},
     "memory",
     "memory.memsw.limit_in_bytes",
     "134217728",
     "memory.swap.max",
     "67108864"},
    {"Quota",
     {"--cpu-quota", "20000", "--cpu-period", "50000"},
     "cpu",
     "cpu.cfs_quota_us",
     "20000",
     "cpu.max",
     "20000 50000"},
    {"Shares", {"--cpu-share", "512"}, "cpu", "cpu.shares", "512", "cpu.weight", "59"},
    {"Burst",
     {"--cpu-quota=20000", "--cpu-burst=10000"},
     "cpu",
     "cpu.cfs_burst_us",
     "10000",
     "cpu.max.burst",
     "10000"},
    {"Idle", {"--cpu-idle", "1"}, "cpu", "cpu.idle", "1", "cpu.idle", "1"},
    {"Cpus", {"--cpuset-cpus", "0"}, "cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"},
    {"Mems", {"--cpuset-mems", "0"}, "cpuset", "cpuset.mems", "0", "cpuset.mems", "0"},
    {"Pids", {"--pids-limit", "17"}, "pids", "pids.max", "17", "pids.max", "17"},
    {"UnlimitedPids", {"--pids-limit", "-1"}, "pids", "pids.max", "max", "pids.max", "max"},
};

class EachFlag : public Update, public ::testing::WithParamInterface<Flag> {};
INSTANTIATE_TEST_SUITE_P(Update, EachFlag, ::testing::ValuesIn(kFlags),
                         [](const ::testing::TestParamInfo<Flag>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(EachFlag, SetsItsLimit) {
  const Flag& flag = GetParam();
  if (std::string(flag.name) == "Burst" || std::string(flag.name) == "Idle") {
    KNOWN_GAP(kRunc, "it does not know the flag");
  }
  if (cgroup_directory(flag.controller, "/").empty()) GTEST_SKIP() << "no such controller here";
  ASSERT_TRUE(succeeds(update(flag.options)));
  EXPECT_EQ(limit(flag.controller, flag.v1_file, flag.v2_file),
            cgroups_are_unified() ? flag.v2_value : flag.v1_value);
}

// What containerd sends.
TEST_F(Update, ZerosOnTheStandardInputMeanUnset) {
  ASSERT_TRUE(succeeds(update({"--memory", "100663296", "--pids-limit", "60"})));
  ASSERT_TRUE(succeeds(update_from_stdin(
      R"({"memory":{"limit":134217728,"reservation":0,"swap":134217728,"kernel":0},)"
      R"("cpu":{"shares":0,"quota":25000,"period":100000},"pids":{"limit":50},)"
      R"("blockIO":{"weight":0}})")));
  EXPECT_EQ(memory(), "134217728");
  EXPECT_EQ(pids(), "50");
  EXPECT_EQ(limit("cpu", "cpu.shares", "cpu.weight"), cgroups_are_unified() ? "100" : "1024");
  ASSERT_TRUE(succeeds(update_from_stdin(R"({"memory":{"limit":0},"pids":{"limit":0}})")));
  EXPECT_EQ(memory(), "134217728");
  EXPECT_EQ(pids(), "50");
}

TEST_F(Update, ResourcesComeFromAFile) {
  std::ofstream(path("r.json")) << R"({"pids": {"limit": 23}})";
  ASSERT_TRUE(succeeds(update({"--resources=" + path("r.json")})));
  EXPECT_EQ(pids(), "23");
}

TEST_F(Update, BadInputIsToldAndChangesNothing) {
  ASSERT_TRUE(succeeds(update({"--pids-limit", "40"})));
  EXPECT_TRUE(fails_with(update({"--pids-limit", "many"}), "--pids-limit: .many. is no number"));
  EXPECT_TRUE(fails_with(update({"--memory", "12x"}), "--memory: .12x. is no number"));
  EXPECT_TRUE(fails_with(update({"--memory", "-5"}), "--memory"));
  EXPECT_TRUE(fails_with(update({"--blkio-weight", "70000"}), "--blkio-weight"));
  EXPECT_TRUE(fails_with(update({"--resources", path("none.json")}), "none.json"));
  EXPECT_TRUE(fails_with(update_from_stdin("{"), "standard input"));
  EXPECT_TRUE(fails_with(update_from_stdin(R"({"pids": {"limit": "x"}})"), "/pids/limit"));
  EXPECT_EQ(pids(), "40");
}

TEST_F(Update, MemoryBelowItsUsageIsRefusedWhereThatIsAsked) {
  Container& eater = add_container();
  eater.bundle.set_command({"eat", "40", "stay"});
  ASSERT_TRUE(succeeds(eater.run({"--detach"})));
  const std::string group = cgroup_directory("memory", eater.cgroups_path());
  const std::string file = cgroups_are_unified() ? "/memory.current" : "/memory.usage_in_bytes";
  ASSERT_TRUE(wait_until([&] {
    std::ifstream stream(group + file);
    size_t usage = 0;
    return stream >> usage && usage > (30U << 20);
  }));
  std::ofstream(path("r.json")) << R"({"memory": {"limit": 4194304, "checkBeforeUpdate": true}})";
  EXPECT_TRUE(fails_with(runtime.call({"update", "--resources", path("r.json"), eater.id()}),
                         "/linux/resources/memory/limit"));
  EXPECT_EQ(eater.status(), "running");
}

TEST_F(Update, DeviceRulesTakeThePlaceOfTheOnesBefore) {
  KNOWN_GAP(kRunc, "it does not update device rules");
  Container& user = add_container();
  user.bundle.set_command({"sleep"});
  user.config().append("/linux/devices",
                       R"({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229})"_json);
  ASSERT_TRUE(succeeds(user.run({"--detach"})));
  const auto open_fuse = [&] {
    return runtime.call({"exec", user.id(), "/inside", "try", "open", "/dev/fuse", "rw"}).out;
  };
  const auto update_devices = [&](const std::string& rules) {
    std::ofstream(path("r.json")) << "{\"devices\": [" << rules << "]}";
    return runtime.call({"update", "--resources", path("r.json"), user.id()});
  };
  const std::string nothing = R"({"allow": false, "access": "rwm"})";
  EXPECT_EQ(open_fuse(), "[\"EPERM\"]\n");
  ASSERT_TRUE(succeeds(update_devices(
      nothing + R"(, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm"})")));
  EXPECT_EQ(open_fuse(), "[\"ok\"]\n");
  ASSERT_TRUE(succeeds(update_devices(nothing)));
  EXPECT_EQ(open_fuse(), "[\"EPERM\"]\n");
}

}  // namespace
}  // namespace gocker::test
