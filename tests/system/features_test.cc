// `features` (features.md, features-linux.md): each thing that it lists is tried, and each that it
// leaves out is refused.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

class Features : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (!Runtime::is_gocker()) GTEST_SKIP() << "what other runtimes promise is their affair";
    const Outcome outcome = runtime.call({"features"});
    ASSERT_TRUE(succeeds(outcome));
    ASSERT_EQ(outcome.err, "");  // CRI-O reads both streams as one
    features_ = Value::parse(outcome.out);
    box.bundle.set_command({"exit", "0"});
  }

  Words list(const std::string& pointer) const { return features_[pointer].texts(); }
  Value at(const std::string& pointer) const { return features_[pointer]; }

  void set_seccomp(const std::string& json) {
    box.config().set("/linux/seccomp", Value::parse(json));
  }

 private:
  Value features_;
};

bool contains(const Words& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

TEST_F(Features, HasWhatEnginesNeedAtAll) {
  EXPECT_EQ(at("/ociVersionMin"), "1.0.0");
  EXPECT_EQ(at("/ociVersionMax"), "1.3.0");
  EXPECT_EQ(list("/hooks"), (Words{"prestart", "createRuntime", "createContainer", "startContainer",
                                   "poststart", "poststop"}));
  EXPECT_EQ(at("/linux/cgroup/v1"), true);
  EXPECT_EQ(at("/linux/cgroup/v2"), true);
}

TEST_F(Features, EachMountOptionIsTaken) {
  const Words options = list("/mountOptions");
  ASSERT_TRUE(contains(options, "rro"));  // docker, containerd and CRI-O look for it
  fs::create_directory(path("volume"));
  Words points;
  for (const std::string& option : options) {
    const std::string point = "/mount-" + std::to_string(points.size());
    const bool bind = option.ends_with("bind") || option.ends_with("idmap");
    if (option == "remount") {
      box.bundle.add_mount(point, "tmpfs", "tmpfs", {});
      box.bundle.add_mount(point, "none", "none", {option, "ro"});
    } else if (bind) {
      box.bundle.add_mount(point, "bind", path("volume"), {"bind", option});
    } else {
      box.bundle.add_mount(point, "tmpfs", "tmpfs", {option});
    }
    if (option.ends_with("idmap")) {
      const std::string last = "/mounts/" + std::to_string(box.config()["/mounts"].size() - 1);
      const Value mapping = R"([{"containerID": 0, "hostID": 1000, "size": 10}])"_json;
      box.config().set(last + "/uidMappings", mapping);
      box.config().set(last + "/gidMappings", mapping);
    }
    points.push_back(point);
  }
  const Value report = box.report();
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_FALSE(mount_at(report, points[i]).is_null()) << options[i];
  }
}

TEST_F(Features, OtherMountOptionsAreRefused) {
  for (const char* option : {"nonsense", "rnonsense", "rsize"}) {
    ASSERT_FALSE(contains(list("/mountOptions"), option));
    const size_t count = box.config()["/mounts"].size();
    box.bundle.add_mount("/volume", "tmpfs", "tmpfs", {option});
    EXPECT_TRUE(fails_with(box.run(), option));
    box.config().remove("/mounts/" + std::to_string(count));
  }
}

TEST_F(Features, NamespacesAreThoseOfTheKernel) {
  Words files;
  for (const auto& entry : fs::directory_iterator("/proc/self/ns")) {
    std::string name = entry.path().filename();
    if (name.ends_with("_for_children")) continue;
    if (name == "net") name = "network";
    if (name == "mnt") name = "mount";
    files.push_back(name);
  }
  Words listed = list("/linux/namespaces");
  std::sort(files.begin(), files.end());
  std::sort(listed.begin(), listed.end());
  EXPECT_EQ(listed, files);
}

TEST_F(Features, AllNamespacesCanBeHadAtOnce) {
  for (const std::string& type : list("/linux/namespaces")) {
    if (type == "user") {
      box.bundle.use_user_namespace();
    } else {
      box.bundle.set_namespace(type);
    }
  }
  EXPECT_TRUE(succeeds(box.run()));
}

TEST_F(Features, CapabilitiesAreThoseOfTheKernel) {
  std::ifstream file("/proc/sys/kernel/cap_last_cap");
  size_t last = 0;
  ASSERT_TRUE(file >> last);
  const Words names = list("/linux/capabilities");
  EXPECT_EQ(names.size(), last + 1);
  box.config().set("/process/capabilities/bounding", names);
  EXPECT_TRUE(succeeds(box.run()));
}

TEST_F(Features, EachSeccompActionAndOperatorWorks) {
  EXPECT_EQ(at("/linux/seccomp/enabled"), true);
  set_seccomp(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []})");
  const Words calls = {"swapon", "swapoff",     "acct",          "vhangup",       "quotactl",
                       "syslog", "ioperm",      "iopl",          "kexec_load",    "add_key",
                       "keyctl", "request_key", "mbind",         "move_pages",    "nfsservctl",
                       "sysfs",  "ustat",       "get_mempolicy", "migrate_pages", "lookup_dcookie"};
  size_t next = 0;
  for (const std::string& action : list("/linux/seccomp/actions")) {
    if (action == "SCMP_ACT_NOTIFY") continue;  // an agent would be needed: seccomp_test.cc has one
    Value rule;
    rule.set("/names", Words{calls.at(next++)});
    rule.set("/action", action);
    box.config().append("/linux/seccomp/syscalls", rule);
  }
  for (const std::string& op : list("/linux/seccomp/operators")) {
    Value rule = R"({"action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 7}]})"_json;
    rule.set("/names", Words{calls.at(next++)});
    rule.set("/args/0/op", op);
    box.config().append("/linux/seccomp/syscalls", rule);
  }
  EXPECT_TRUE(succeeds(box.run()));
}

TEST_F(Features, SeccompActionsAreThoseOfTheKernel) {
  std::ifstream file("/proc/sys/kernel/seccomp/actions_avail");
  size_t count = 0;
  for (std::string name; file >> name;) ++count;
  // SCMP_ACT_KILL is another name of SCMP_ACT_KILL_THREAD.
  EXPECT_EQ(list("/linux/seccomp/actions").size(), count + 1);
  EXPECT_TRUE(contains(list("/linux/seccomp/actions"), "SCMP_ACT_NOTIFY"));
}

TEST_F(Features, SeccompArchitecturesAreTakenOrRefusedAsListed) {
  const Words listed = list("/linux/seccomp/archs");
  EXPECT_TRUE(contains(listed, "SCMP_ARCH_X86_64"));
  set_seccomp(R"({"defaultAction": "SCMP_ACT_ALLOW"})");
  box.config().set("/linux/seccomp/architectures", listed);
  EXPECT_TRUE(succeeds(box.run()));
  for (const std::string name : {"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH",
                                 "SCMP_ARCH_SHEB", "SCMP_ARCH_MIPS", "SCMP_ARCH_NONSENSE"}) {
    if (contains(listed, name)) continue;
    box.config().set("/linux/seccomp/architectures", Words{name});
    EXPECT_TRUE(fails_with(box.run(), name));
  }
}

TEST_F(Features, SeccompFlagsAreTakenOrRefusedAsListed) {
  const Words supported = list("/linux/seccomp/supportedFlags");
  set_seccomp(R"({"defaultAction": "SCMP_ACT_ALLOW"})");
  box.config().set("/linux/seccomp/flags", supported);
  EXPECT_TRUE(succeeds(box.run()));
  for (const std::string& known : list("/linux/seccomp/knownFlags")) {
    if (contains(supported, known)) continue;
    box.config().set("/linux/seccomp/flags", Words{known});
    EXPECT_TRUE(fails_with(box.run(), "seccomp"));
  }
  box.config().set("/linux/seccomp/flags", Words{"SECCOMP_FILTER_FLAG_NONSENSE"});
  EXPECT_TRUE(fails_with(box.run(), "NONSENSE"));
}

TEST_F(Features, MemoryPoliciesAreTakenOrRefusedAsListed) {
  for (const std::string mode :
       {"MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
        "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL", "MPOL_NONSENSE"}) {
    const bool without_nodes = mode == "MPOL_DEFAULT" || mode == "MPOL_LOCAL";
    Value policy;
    policy.set("/mode", mode);
    policy.set("/nodes", without_nodes ? "" : "0");
    box.config().set("/linux/memoryPolicy", policy);
    EXPECT_EQ(box.run().code == 0, contains(list("/linux/memoryPolicy/modes"), mode)) << mode;
  }
  for (const std::string flag : {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
                                 "MPOL_F_STATIC_NODES", "MPOL_F_NONSENSE"}) {
    box.config().set("/linux/memoryPolicy", R"({"mode": "MPOL_BIND", "nodes": "0"})"_json);
    box.config().set("/linux/memoryPolicy/flags", Words{flag});
    EXPECT_EQ(box.run().code == 0, contains(list("/linux/memoryPolicy/flags"), flag)) << flag;
  }
}

// What is supported and missing on the host is an error, what is not supported at all is ignored.
struct Facility {
  const char* pointer;  // in features
  const char* property;
  const char* value;
};
constexpr Facility kFacilities[] = {
    {"/linux/netDevices/enabled", "/linux/netDevices", R"({"gk-nodevice": {}})"},
    {"/linux/intelRdt/enabled", "/linux/intelRdt", R"({"closID": "gk-nothing"})"},
    {"/linux/apparmor/enabled", "/process/apparmorProfile", R"("gk-no-such-profile")"},
    {"/linux/selinux/enabled", "/process/selinuxLabel", R"("gk_u:no_r:such_t:s0")"},
};

TEST_F(Features, FacilitiesThatThisHostLacksAreRefusedByNameWhereTheyAreSupported) {
  for (const Facility& facility : kFacilities) {
    const Value before = box.config();
    box.config().set(facility.property, Value::parse(facility.value));
    EXPECT_EQ(at(facility.pointer), box.run().code != 0) << facility.pointer;
    box.config() = before;
  }
}

TEST_F(Features, AnnotationsTellTheLibraryAndTheHost) {
  EXPECT_NE(at("/annotations/io.github.seccomp.libseccomp.version").text(), "");
  const Outcome version = run_program({.args = {Runtime::path(), "--version"}});
  EXPECT_NE(version.out.find(at("/annotations/io.github.seccomp.libseccomp.version").text()),
            std::string::npos);
}

TEST_F(Features, HelpOfTheCommandIsThere) {
  EXPECT_TRUE(succeeds(runtime.call({"features", "--help"})));
  EXPECT_TRUE(fails_with(runtime.call({"features", "surplus"}), "takes nothing"));
}

}  // namespace
}  // namespace gocker::test
