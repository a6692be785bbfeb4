// What a container may reach of the runtime itself: its descriptors, its memory, its program.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/cve/attack.h"
#include "tests/system/namespace_holder.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

constexpr int kMostExecs = 2000;

class Reach : public Attack {
 protected:
  // As an engine that leaks: descriptors of the host's root that nobody asked to hand on.
  static Outcome run_leaking(Program program) {
    const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < 10; ++i) program.more_fds.push_back(root.get());
    return run_program(program);
  }
  void give_all_capabilities() {
    for (const char* set : {"bounding", "permitted", "effective", "inheritable", "ambient"}) {
      for (const char* name : {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"}) {
        box.config().append(std::string("/process/capabilities/") + set, name);
      }
    }
  }
  // Starts `inside hunt`, executes a program in there until it had enough tries, and returns what
  // it has to say.
  void hunt(const std::string& prey, const Words& program) {
    box.bundle.set_command({"hunt", prey});
    const Fd output(::open(path("hunt").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    Program create = box.program("create");
    create.output = output.get();
    NEEDED(run_program(create));
    NEEDED(box.start());
    const std::string enough = box.bundle.rootfs("/enough");
    int execs = 0;
    for (; execs < kMostExecs && !fs::exists(enough); ++execs) {
      EXPECT_FALSE(exec({}, program).timed_out);
    }
    std::ofstream(box.bundle.rootfs("/stop")).close();
    EXPECT_TRUE(box.wait_for_status("stopped"));
    const std::string text = text_of(path("hunt"));
    const Value said = text.empty() ? Value() : Value::parse(text);
    note(std::to_string(said["/tries"].number()) + " tries in " + std::to_string(execs) + " execs");
    EXPECT_GE(said["/tries"].number(), 10'000);
    EXPECT_EQ(said["/caught"].texts(), Words{});
  }
};

TEST_F(Reach, WorkingDirectoryThroughADescriptor) {
  row("CVE-2024-21626", "cwd /proc/self/fd/3 to 64 for run and exec, with a leaking engine");
  const Words look = {"try", "stat", climbing(outside("/canary"))};
  const auto cwd = [](int number) { return "/proc/self/fd/" + std::to_string(number); };
  Container& sleeper = add_container();
  sleeper.bundle.set_command({"sleep"});
  NEEDED(sleeper.create());
  NEEDED(sleeper.start());
  box.bundle.set_command(look);
  for (int number = 3; number <= 64; ++number) {
    box.config().set("/process/cwd", cwd(number));
    Outcome outcome = run_leaking(box.program("run"));
    if (outcome) {
      EXPECT_EQ(outcome.out, "[\"ENOENT\"]\n") << "run " << number;
    }
    outcome = run_leaking(runtime.program(
        {"exec", "--cwd", cwd(number), sleeper.id(), "/inside", look[0], look[1], look[2]}));
    if (outcome) {
      EXPECT_EQ(outcome.out, "[\"ENOENT\"]\n") << "exec " << number;
    }
  }
}

TEST_F(Reach, DescriptorsOfTheHost) {
  row("CVE-2024-21626", "descriptors that run and exec hand on, with a leaking engine");
  const std::vector<int> standard = {0, 1, 2};
  box.bundle.set_command({"report"});
  Outcome outcome = run_leaking(box.program("run"));
  NEEDED(outcome);
  EXPECT_EQ(descriptors(Value::parse(outcome.out)), standard);
  NEEDED(start_sleeping());
  outcome = run_leaking(runtime.program({"exec", box.id(), "/inside", "report"}));
  NEEDED(outcome);
  EXPECT_EQ(descriptors(Value::parse(outcome.out)), standard);
}

TEST_F(Reach, ExecIsLookedInto) {
  row("CVE-2016-9962", "a process inside opens fd, mem and root of each exec, and traces it");
  hunt("descriptors", {"/inside", "exit", "0"});
}

TEST_F(Reach, ProgramOfExecIsOverwritten) {
  row("CVE-2019-5736", "with CAP_SYS_ADMIN inside: /proc/PID/exe of each exec is written to");
  give_all_capabilities();
  const std::string before = text_of(Runtime::path());
  const auto time = fs::last_write_time(Runtime::path());
  hunt("program", {"/inside", "exit", "0"});
  EXPECT_EQ(fs::last_write_time(Runtime::path()), time);
  EXPECT_EQ(text_of(Runtime::path()), before);
}

TEST_F(Reach, ProgramIsOverwrittenByAHook) {
  row("CVE-2019-5736", "with CAP_SYS_ADMIN inside: a startContainer hook keeps /proc/1/exe");
  fs::create_directory(path("results"));
  give_all_capabilities();
  box.bundle.add_mount("/results", "none", path("results"), {"bind"});
  box.config().append("/hooks/startContainer", R"({"path": "/inside",
      "args": ["inside", "overwrite", "1", "/results/go", "/results/result"]})"_json);
  box.bundle.set_command({"sleep"});
  const auto time = fs::last_write_time(Runtime::path());
  NEEDED(box.create());
  NEEDED(box.start());
  std::ofstream(path("results/go")).close();
  ASSERT_TRUE(wait_until([&] { return fs::exists(path("results/result")); }));
  EXPECT_EQ(text_of(path("results/result")).find("written"), std::string::npos);
  EXPECT_EQ(fs::last_write_time(Runtime::path()), time);
}

TEST_F(Reach, ProgramIsTheRuntime) {
  row("CVE-2019-5736", "`#!/proc/self/exe` as the program of run and exec, while it is hunted");
  std::ofstream(box.bundle.rootfs("/evil")) << "#!/proc/self/exe\n";
  ASSERT_EQ(::chmod(box.bundle.rootfs("/evil").c_str(), 0755), 0);
  give_all_capabilities();
  const auto time = fs::last_write_time(Runtime::path());
  hunt("program", {"/evil"});
  EXPECT_EQ(fs::last_write_time(Runtime::path()), time);
}

// In a network namespace of its own, so that the listing has nothing but the runtime's sockets.
TEST_F(Reach, AbstractSockets) {
  row("CVE-2020-15257", "abstract sockets in the host's network namespace, which any user reaches");
  box.bundle.set_command({"sleep"});
  const Program create = box.program("create");
  Words words = {
      "/usr/bin/unshare", "--net", "/bin/sh", "-ec", R"("$@"; cat /proc/net/unix)", "sh"};
  words.insert(words.end(), create.args.begin(), create.args.end());
  const Outcome outcome = run_program({.args = words});
  NEEDED(outcome);
  EXPECT_EQ(outcome.out.find('@'), std::string::npos) << outcome.out;
}

// A length of 16 bits wraps, and what follows is read as a message of the attacker's.
TEST_F(Reach, LongTextsWrap) {
  row("CVE-2021-43784", "70 kB of environment, of namespace path and of id mappings");
  box.bundle.set_command({"report"});
  box.config().append("/process/env", "LONG=" + std::string(70'000, 'x'));
  const Value report = box.report();
  for (const char* type : {"pid", "net", "ipc", "uts", "mnt"}) {
    EXPECT_NE(report[std::string("/namespaces/") + type], own_namespace(type)) << type;
  }
  Container& mapped = add_container();
  mapped.bundle.use_user_namespace();
  for (int i = 0; i < 4000; ++i) {
    Value mapping = R"({"containerID": 0, "hostID": 0, "size": 1})"_json;
    mapping.set("/containerID", 100'000 + 2 * i);
    mapping.set("/hostID", 300'000 + 2 * i);
    mapped.config().append("/linux/uidMappings", mapping);
  }
  mapped.bundle.set_command({"report"});
  const Outcome outcome = mapped.run();
  if (outcome) {
    EXPECT_NE(Value::parse(outcome.out)["/namespaces/user"], own_namespace("user"));
  }
  Container& joining = add_container();
  joining.bundle.set_namespace("network", "/" + std::string(66'000, 'x'));
  joining.bundle.set_command({"exit", "0"});
  EXPECT_NE(joining.run().code, 0);
}

}  // namespace
}  // namespace gocker::test
