// /proc and /sys that are not what the runtime takes them for: what it writes there then (labels,
// sysctls) takes no effect, or takes it on the host.
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/cve/attack.h"
#include "tests/system/cgroups.h"
#include "tests/system/namespace_holder.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kForwarding = "/proc/sys/net/ipv4/ip_forward";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// '1' or '0': what the kernel has for the network namespace of a process, read from outside of the
// container.
char forwarding_of(pid_t pid) {
  const Fd network(
      ::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setns(network.get(), CLONE_NEWNET) != 0) _exit(0);
    const std::string value = text_of(kForwarding);
    _exit(value.empty() ? 0 : value[0]);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return static_cast<char>(WEXITSTATUS(status));
}

class Proc : public Attack {
 protected:
  // Files that look like those of procfs and swallow what is written to them.
  std::string make_fake_proc() {
    const std::string fake = path("fake");
    for (const char* name : {"/sys/net/ipv4", "/self/attr", "/thread-self/attr", "/ipv4"}) {
      fs::create_directories(fake + name);
    }
    for (const char* name : {"/sys/net/ipv4/ip_forward", "/ipv4/ip_forward", "/ip_forward",
                             "/self/attr/exec", "/thread-self/attr/exec"}) {
      std::ofstream(fake + name) << "0";
    }
    return fake;
  }
  // A container that asks for a sysctl either gets it from the kernel or does not start.
  void expect_real_writes_or_refusal(Container& container, const std::string& what) {
    container.config().set("/linux/sysctl", R"({"net.ipv4.ip_forward": "1"})"_json);
    container.bundle.set_command({"sleep"});
    if (!container.create()) return;
    if (container.start()) {
      EXPECT_EQ(forwarding_of(container.pid()), '1') << what;
    }
  }
};

TEST_F(Proc, IsALink) {
  row("CVE-2019-16884, CVE-2019-19921", "/proc and /sys of the image are links, in and out of it");
  for (const char* name : {"/proc", "/sys"}) {
    for (const std::string& target : {std::string("/tmp"), outside(), climbing(outside())}) {
      Container& container = add_container();
      plant_link(container, name, target);
      expect_real_writes_or_refusal(container, name + (" -> " + target));
    }
  }
  expect_outside_untouched();
}

TEST_F(Proc, IsCovered) {
  row("CVE-2019-16884, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867",
      "a volume or a tmpfs over /proc and parts of it, also by way of a link");
  const std::string fake = make_fake_proc();
  for (const char* target :
       {"/proc", "/proc/sys", "/proc/sys/net", "/proc/self", "/proc/thread-self", "/proc/1",
        "/link", "/link/sys", "/link/sys/net"}) {
    for (const bool bind : {true, false}) {
      Container& container = add_container();
      plant_link(container, "/link", "/proc");
      if (bind) {
        container.bundle.add_mount(target, "none", fake, {"bind"});
      } else {
        container.bundle.add_mount(target, "tmpfs", "tmpfs", {});
      }
      expect_real_writes_or_refusal(container, target);
    }
  }
}

TEST_F(Proc, WritesAreRedirected) {
  row("CVE-2025-52881, CVE-2025-62596",
      "files of a volume over single files of /proc to which a runtime writes");
  std::ofstream(path("swallow")) << "0";
  for (const char* target : {kForwarding, "/proc/self/attr/exec", "/proc/thread-self/attr/exec",
                             "/proc/self/attr/apparmor/exec", "/link/sys/net/ipv4/ip_forward"}) {
    Container& container = add_container();
    plant_link(container, "/link", "/proc");
    container.bundle.add_mount(target, "none", path("swallow"), {"bind"});
    expect_real_writes_or_refusal(container, target);
  }
}

TEST_F(Proc, SysctlsOfTheHost) {
  row("CVE-2022-0811", "sysctls that no namespace has, under several spellings");
  // The very values that the host has: a success must not harm it.
  const std::string pattern = text_of("/proc/sys/kernel/core_pattern");
  const std::string panic = text_of("/proc/sys/kernel/panic");
  const std::vector<std::pair<std::string, std::string>> smuggled = {
      {"kernel.core_pattern", pattern},
      {"kernel/core_pattern", pattern},
      {"kernel.panic", panic},
      {"net/../kernel/core_pattern", pattern},
      {"net...kernel.core_pattern", pattern},
      {"fs.mqueue/../../kernel/core_pattern", pattern},
      {"kernel.sem/../core_pattern", pattern},
      {"vm.overcommit_memory", text_of("/proc/sys/vm/overcommit_memory")}};
  for (const auto& [name, value] : smuggled) {
    Container& container = add_container();
    Value sysctls;
    sysctls.set("/x", value);
    container.config().set("/linux/sysctl",
                           Value::parse("{\"" + name + "\": " + sysctls["/x"].dump() + "}"));
    container.bundle.set_command({"exit", "0"});
    EXPECT_NE(container.run().code, 0) << name;
  }
  Container& sharing = add_container();
  sharing.bundle.remove_namespace("network");
  sharing.config().set("/linux/sysctl",
                       Value::parse("{\"net.ipv4.ip_forward\": \"" + text_of(kForwarding) + "\"}"));
  sharing.bundle.set_command({"exit", "0"});
  EXPECT_NE(sharing.run().code, 0) << "net.* in the host's network namespace";
  EXPECT_EQ(text_of("/proc/sys/kernel/core_pattern"), pattern);
}

TEST_F(Proc, GroupsWithoutANamespace) {
  row("CVE-2023-25809",
      "groups of the host are written to, with a user namespace and no cgroup one");
  box.bundle.use_user_namespace();
  box.bundle.remove_namespace("cgroup");
  box.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "nodev", "noexec"});
  std::vector<Words> acts;
  // What lies above the hierarchies of version 1 is a tmpfs of the container's own.
  const Words hierarchies =
      cgroups_are_unified() ? Words{""} : Words{"/pids", "/memory", "/unified", "/systemd"};
  for (const std::string& hierarchy : hierarchies) {
    const std::string directory = "/sys/fs/cgroup" + hierarchy;
    acts.push_back({"mkdir", directory + "/gk-attack"});
    acts.push_back({"write", directory + "/cgroup.procs", "0"});
    acts.push_back({"write", directory + "/cgroup.subtree_control", "+pids"});
  }
  Words words = {"try"};
  for (const Words& act : acts) {
    if (words.size() > 1) words.emplace_back("--");
    words.insert(words.end(), act.begin(), act.end());
  }
  box.bundle.set_command(words);
  const Outcome outcome = box.run();
  NEEDED(outcome);
  const Words answers = Value::parse(outcome.out).texts();
  ASSERT_EQ(answers.size(), acts.size());
  for (size_t i = 0; i < acts.size(); ++i) EXPECT_NE(answers[i], "ok") << acts[i][1];
}

}  // namespace
}  // namespace gocker::test
