// Namespaces: new ones, the runtime's own, and those joined by path (config-linux.md,
// "Namespaces").
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/system/namespace_holder.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

struct Kind {
  const char* type;  // in config.json
  const char* file;  // in /proc/PID/ns
  uint64_t flag;
};

std::ostream& operator<<(std::ostream& stream, const Kind& kind) {
  return stream << kind.type;
}

std::string kind_name(const ::testing::TestParamInfo<Kind>& info) {
  return info.param.type;
}

constexpr Kind kKinds[] = {{"pid", "pid", CLONE_NEWPID},          {"network", "net", CLONE_NEWNET},
                           {"ipc", "ipc", CLONE_NEWIPC},          {"uts", "uts", CLONE_NEWUTS},
                           {"mount", "mnt", CLONE_NEWNS},         {"user", "user", CLONE_NEWUSER},
                           {"cgroup", "cgroup", CLONE_NEWCGROUP}, {"time", "time", CLONE_NEWTIME}};

class Namespaces : public SystemTest {};

class EachNamespace : public SystemTest, public ::testing::WithParamInterface<Kind> {
 protected:
  static bool is(const std::string& type) { return GetParam().type == type; }
};
INSTANTIATE_TEST_SUITE_P(Namespaces, EachNamespace, ::testing::ValuesIn(kKinds), kind_name);

TEST_P(EachNamespace, NewOneDiffersFromTheRuntimes) {
  if (is("time")) KNOWN_GAP(kRunc, "it knows no time namespaces");
  if (is("user")) {
    box.bundle.use_user_namespace();
  } else {
    box.bundle.set_namespace(GetParam().type);
  }
  const Value report = box.report();
  const std::string seen = report[std::string("/namespaces/") + GetParam().file].text();
  EXPECT_NE(seen, "");
  EXPECT_NE(seen, own_namespace(GetParam().file));
}

TEST_P(EachNamespace, AbsentOneIsTheRuntimes) {
  if (is("mount"))
    KNOWN_GAP(kRunc, "a root file system of one's own needs a mount namespace there");
  box.bundle.remove_namespace(GetParam().type);
  if (is("uts")) box.config().remove("/hostname");
  const Value report = box.report();
  EXPECT_EQ(report[std::string("/namespaces/") + GetParam().file], own_namespace(GetParam().file));
}

TEST_P(EachNamespace, PathIsJoined) {
  if (is("time")) KNOWN_GAP(kRunc, "it knows no time namespaces");
  if (is("user")) box.bundle.use_user_namespace();
  if (is("uts")) box.config().remove("/hostname");
  const NamespaceHolder holder(GetParam().flag);
  box.bundle.set_namespace(GetParam().type, holder.path(GetParam().file));
  const Value report = box.report();
  EXPECT_EQ(report[std::string("/namespaces/") + GetParam().file],
            holder.identity(GetParam().file));
}

// Engines repeat the mappings of the namespace that is joined; nothing says that they must.
TEST_F(Namespaces, UserNamespaceIsJoinedWithoutMappings) {
  KNOWN_GAP(kRunc, "it wants mappings for a joined namespace too");
  box.bundle.use_user_namespace();
  box.config().remove("/linux/uidMappings");
  box.config().remove("/linux/gidMappings");
  const NamespaceHolder holder(CLONE_NEWUSER);
  box.bundle.set_namespace("user", holder.path("user"));
  const Value report = box.report();
  EXPECT_EQ(report["/namespaces/user"], holder.identity("user"));
  EXPECT_EQ(report["/uid"], 0);
}

TEST_F(Namespaces, InitOfANewPidNamespaceIsOne) {
  const Value report = box.report();
  EXPECT_EQ(report["/pid"], 1);
  EXPECT_EQ(report["/ppid"], 0);
}

TEST_F(Namespaces, ProcessInAJoinedPidNamespaceIsNotItsInit) {
  const NamespaceHolder holder(CLONE_NEWPID);
  box.bundle.set_namespace("pid", holder.path("pid"));
  EXPECT_GT(box.report()["/pid"].number(), 1);
}

// As a pod: the first container makes them, the second joins them all, each by its own path.
TEST_F(Namespaces, AllOfAnotherContainerAreJoined) {
  Container& pause = add_container();
  pause.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(pause.run({"--detach"})));
  const std::string directory = "/proc/" + std::to_string(pause.pid()) + "/ns/";
  box.bundle.set_namespace("pid", directory + "pid");
  box.bundle.set_namespace("network", directory + "net");
  box.bundle.set_namespace("ipc", directory + "ipc");
  box.bundle.set_namespace("uts", directory + "uts");
  box.config().remove("/hostname");
  const Value report = box.report();
  for (const char* file : {"pid", "net", "ipc", "uts"}) {
    EXPECT_EQ(report[std::string("/namespaces/") + file], namespace_of(pause.pid(), file));
  }
  EXPECT_NE(report["/namespaces/mnt"], namespace_of(pause.pid(), "mnt"));
  EXPECT_EQ(report["/hostname"], "box");
}

// The same with a user namespace, which owns the others: the order of joining matters.
TEST_F(Namespaces, AllOfAUserNamespacedContainerAreJoined) {
  Container& pause = add_container();
  pause.bundle.use_user_namespace();
  pause.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(pause.run({"--detach"})));
  const std::string directory = "/proc/" + std::to_string(pause.pid()) + "/ns/";
  box.bundle.use_user_namespace();
  box.bundle.set_namespace("user", directory + "user");
  box.bundle.set_namespace("network", directory + "net");
  box.bundle.set_namespace("ipc", directory + "ipc");
  box.bundle.set_namespace("uts", directory + "uts");
  box.config().remove("/hostname");
  const Value report = box.report();
  for (const char* file : {"user", "net", "ipc", "uts"}) {
    EXPECT_EQ(report[std::string("/namespaces/") + file], namespace_of(pause.pid(), file));
  }
  EXPECT_EQ(report["/uid"], 0);
}

// What `ip netns` and the engines keep below /run/netns.
TEST_F(Namespaces, BoundNamespaceFileIsJoined) {
  const std::string file = path("netns");
  std::ofstream(file).close();
  std::string identity;
  {
    const NamespaceHolder holder(CLONE_NEWNET);
    identity = holder.identity("net");
    ASSERT_EQ(::mount(holder.path("net").c_str(), file.c_str(), nullptr, MS_BIND, nullptr), 0);
  }
  box.bundle.set_namespace("network", file);
  EXPECT_EQ(box.report()["/namespaces/net"], identity);
  ::umount2(file.c_str(), MNT_DETACH);
}

TEST_F(Namespaces, OrderInTheConfigurationDoesNotMatter) {
  box.config().set("/linux/namespaces", R"([{"type": "mount"}, {"type": "cgroup"}, {"type": "uts"},
      {"type": "ipc"}, {"type": "network"}, {"type": "pid"}])"_json);
  const Value report = box.report();
  EXPECT_EQ(report["/pid"], 1);
  EXPECT_NE(report["/namespaces/cgroup"], own_namespace("cgroup"));
}

// No text of the specification, but every runtime does it and `ping localhost` relies on it.
TEST_F(Namespaces, LoopbackIsUpInANewNetworkNamespace) {
  EXPECT_EQ(box.report()["/interfaces/lo"], "up");
}

TEST_F(Namespaces, InterfacesOfAJoinedNetworkNamespaceAreLeftAlone) {
  const NamespaceHolder holder(CLONE_NEWNET);
  box.bundle.set_namespace("network", holder.path("net"));
  EXPECT_EQ(box.report()["/interfaces/lo"], "down");
}

TEST_F(Namespaces, HostnameIsSetInsideOnly) {
  struct utsname before = {};
  ::uname(&before);
  box.config().set("/hostname", "other-name.example");
  EXPECT_EQ(box.report()["/hostname"], "other-name.example");
  struct utsname after = {};
  ::uname(&after);
  EXPECT_STREQ(after.nodename, before.nodename);
}

TEST_F(Namespaces, DomainnameIsSet) {
  KNOWN_GAP(kRunc, "it knows no domainname");
  box.config().set("/domainname", "example.test");
  EXPECT_EQ(box.report()["/domainname"], "example.test");
}

TEST_F(Namespaces, NewCgroupNamespaceHidesTheHostsPath) {
  box.bundle.set_namespace("cgroup");
  const Value report = box.report();
  ASSERT_GT(report["/cgroups"].size(), 0U);
  for (const std::string& line : report["/cgroups"].texts()) {
    EXPECT_TRUE(line.ends_with(":/")) << line;
  }
}

TEST_F(Namespaces, CgroupPathIsSeenWithoutACgroupNamespace) {
  const Value report = box.report();
  bool seen = false;
  for (const std::string& line : report["/cgroups"].texts()) seen |= line.ends_with(box.id());
  EXPECT_TRUE(seen) << report["/cgroups"];
}

TEST_F(Namespaces, TimeOffsetsMoveTheClocks) {
  KNOWN_GAP(kRunc, "it knows no time namespaces");
  box.bundle.set_namespace("time");
  box.config().set(
      "/linux/timeOffsets",
      R"({"boottime": {"secs": 864000}, "monotonic": {"secs": 432000, "nanosecs": 5}})"_json);
  const auto seconds_of = [](clockid_t clock) -> int64_t {
    struct timespec now = {};
    ::clock_gettime(clock, &now);
    return now.tv_sec;
  };
  const int64_t boottime = seconds_of(CLOCK_BOOTTIME) + 864000;
  const int64_t monotonic = seconds_of(CLOCK_MONOTONIC) + 432000;
  const Value report = box.report();
  EXPECT_GE(report["/boottime"].number(), boottime);
  EXPECT_LE(report["/boottime"].number(), seconds_of(CLOCK_BOOTTIME) + 864000);
  EXPECT_GE(report["/monotonic"].number(), monotonic);
  EXPECT_LE(report["/monotonic"].number(), seconds_of(CLOCK_MONOTONIC) + 432000 + 1);
}

TEST_F(Namespaces, TimeOffsetsHaveNanoseconds) {
  KNOWN_GAP(kRunc, "it knows no time namespaces");
  box.bundle.set_namespace("time");
  box.config().set("/linux/timeOffsets", R"({"boottime": {"nanosecs": 500000007},
      "monotonic": {"secs": 7, "nanosecs": 999999999}})"_json);
  std::istringstream lines(box.attempt({{"read", "/proc/self/timens_offsets"}})[0]);
  std::map<std::string, std::string> offsets;
  for (std::string clock, secs, nanosecs; lines >> clock >> secs >> nanosecs;) {
    offsets[clock] = secs + "." + nanosecs;
  }
  EXPECT_EQ(offsets["boottime"], "0.500000007");
  EXPECT_EQ(offsets["monotonic"], "7.999999999");
}

TEST_F(Namespaces, TimeOffsetsMayBeNegative) {
  KNOWN_GAP(kRunc, "it knows no time namespaces");
  box.bundle.set_namespace("time");
  box.config().set("/linux/timeOffsets", R"({"boottime": {"secs": -1}})"_json);
  EXPECT_GT(box.report()["/boottime"].number(), 0);
}

}  // namespace
}  // namespace gocker::test
