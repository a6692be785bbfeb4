// events: statistics in runc's shape, and the end of memory.
#include <algorithm>
#include <fstream>

#include "tests/system/cgroups.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Events : public SystemTest {
 protected:
  void start(const Words& command) {
    box.bundle.set_command(command);
    ASSERT_TRUE(succeeds(box.run({"--detach"})));
  }
  Value statistics() const {
    const Outcome outcome = runtime.call({"events", "--stats", box.id()});
    EXPECT_TRUE(succeeds(outcome));
    EXPECT_EQ(outcome.err, "");
    return outcome ? Value::parse(outcome.out) : Value();
  }
};

TEST_F(Events, StatisticsAreOneLineWithTheShapeThatMonitorsRead) {
  box.config().set("/linux/resources/memory/limit", 64 << 20);
  box.config().set("/linux/resources/pids/limit", 20);
  start({"sleep"});
  const Value event = statistics();
  EXPECT_EQ(event["/type"], "stats");
  EXPECT_EQ(event["/id"], box.id());
  EXPECT_EQ(event["/data/pids/current"], 1);
  EXPECT_EQ(event["/data/pids/limit"], 20);
  EXPECT_EQ(event["/data/memory/usage/limit"], 64 << 20);
  EXPECT_GT(event["/data/memory/usage/usage"].number(), 0);
  EXPECT_GT(event["/data/cpu/usage/total"].number(), 0);
  EXPECT_GT(event["/data/memory/raw"].names().size(), 10U);
  for (const char* member :
       {"/data/cpu/usage/user", "/data/cpu/usage/kernel", "/data/cpu/throttling/periods",
        "/data/memory/cache", "/data/memory/swap/usage", "/data/memory/kernel/usage",
        "/data/memory/kernelTCP/usage", "/data/blkio", "/data/hugetlb",
        "/data/network_interfaces"}) {
    if (std::string(member) == "/data/network_interfaces" && !Runtime::is_gocker()) continue;
    EXPECT_TRUE(event.has(member)) << member;
  }
}

TEST_F(Events, CountsAgreeWithTheControlFiles) {
  const std::string group = cgroup_directory("memory", box.cgroups_path());
  if (group.empty()) GTEST_SKIP() << "no memory controller here";
  start({"eat", "20", "stay"});
  const std::string file = cgroups_are_unified() ? "/memory.current" : "/memory.usage_in_bytes";
  int64_t usage = 0;
  ASSERT_TRUE(wait_until([&] {
    std::ifstream stream(group + file);
    return stream >> usage && usage >= (20 << 20);  // all that it eats
  }));
  const int64_t told = statistics()["/data/memory/usage/usage"].number();
  EXPECT_GT(told, usage / 2);
  EXPECT_LT(told, usage * 2);
}

TEST_F(Events, StreamGoesOnUntilTheContainerEnds) {
  start({"sleep"});
  Running stream(runtime.program({"events", "--interval", "1s", box.id()}));
  const auto lines = [&] {
    const std::string output = stream.output();
    return std::count(output.begin(), output.end(), '\n');
  };
  EXPECT_TRUE(wait_until([&] { return lines() >= 2; }));
  EXPECT_TRUE(succeeds(box.kill("KILL")));
  const Outcome outcome = stream.wait();
  EXPECT_EQ(outcome.code, 0) << outcome;
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Events, EndOfMemoryIsTold) {
  if (!has_controller("memory")) GTEST_SKIP() << "no memory controller here";
  box.config().set("/linux/resources/memory", R"({"limit": 16777216, "swap": 16777216})"_json);
  start({"sleep"});
  Running stream(runtime.program({"events", "--interval", "60s", box.id()}));
  // It must be watching before it happens.
  ASSERT_TRUE(wait_until([&] {
    std::ifstream wchan("/proc/" + std::to_string(stream.pid()) + "/wchan");
    std::string where;
    return (wchan >> where) && where.find("poll") != std::string::npos;
  }));
  runtime.call({"exec", box.id(), "/inside", "eat", "40"});
  EXPECT_TRUE(wait_until([&] {
    return stream.output().find("\"type\":\"oom\"") != std::string::npos;
  })) << stream.output();
  const std::string line = stream.output().substr(0, stream.output().find('\n'));
  EXPECT_EQ(Value::parse(line)["/id"], box.id());
}

TEST_F(Events, OfWhatDoesNotRunAreAnError) {
  EXPECT_TRUE(fails_with(runtime.call({"events", "--stats", "nobody"}), "does not exist"));
  start({"sleep"});
  ASSERT_TRUE(succeeds(box.kill("KILL")));
  ASSERT_TRUE(box.wait_for_status("stopped"));
  EXPECT_TRUE(fails_with(runtime.call({"events", "--stats", box.id()}), "container not running"));
  EXPECT_TRUE(fails_with(runtime.call({"events", "--interval", "soon", box.id()}), "--interval"));
}

}  // namespace
}  // namespace gocker::test
