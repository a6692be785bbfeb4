#include "tests/faults/faulty_run.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

// Nothing that the kernel would answer here by itself, so that it is known again in the messages.
constexpr int kError = EIO;
constexpr const char* kErrorText = "Input/output error";

struct Harmless {
  const char* call;
  const char* path;  // a part of it; "" for all
  const char* reason;
};

constexpr Harmless kHarmless[] = {{"poll", "", "x"}};

}  // namespace

void FaultyRun::use_many_features() {
  fs::create_directory(path("volume"));
  fs::create_directory(box.bundle.rootfs("/data"));
  std::ofstream(box.bundle.rootfs("/data/file")) << "data";
  box.bundle.add_mount("/volume", "none", path("volume"), {"rbind", "ro", "nosuid", "rslave"});
  box.bundle.add_mount("/data", "tmpfs", "tmpfs", {"tmpcopyup", "size=1m"});
  Value& config = box.config();
  config.set("/root/readonly", true);
  config.set("/process/oomScoreAdj", 100);
  config.set("/process/rlimits", R"([{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}])"_json);
  config.set("/process/user", R"({"uid": 1000, "gid": 1000, "additionalGids": [10]})"_json);
  config.set("/linux/maskedPaths", Words{"/proc/keys", "/proc/acpi", "/sys/firmware"});
  config.set("/linux/readonlyPaths", Words{"/proc/sys", "/proc/bus"});
  config.set("/linux/sysctl", R"({"net.ipv4.ip_forward": "1"})"_json);
  config.set("/linux/resources/pids", R"({"limit": 100})"_json);
  config.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
      {"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]})"_json);
  config.append("/hooks/createRuntime", R"({"path": "/bin/true"})"_json);
  config.append("/hooks/poststop", R"({"path": "/bin/true"})"_json);
  box.bundle.set_command({"exit", "0"});
}

std::optional<Struck> FaultyRun::strike(Meddling meddling, const std::string& step,
                                        const Prepare& prepare, const Judge& judge) {
  Program program = prepare();
  const std::string report = path("struck");
  Words words = {TRACER_PROGRAM, "--leave-at-exec", "--report", report};
  if (meddling == Meddling::kill) {
    words.insert(words.end(), {"--kill", step, "--"});
  } else {
    words.insert(words.end(), {"--fail", step, std::to_string(kError), "--"});
  }
  program.args.insert(program.args.begin(), words.begin(), words.end());
  const Outcome outcome = run_program(program);
  Struck struck;
  std::ifstream(report) >> struck.step >> struck.call >> struck.path;
  if (struck.step.empty()) {
    EXPECT_TRUE(succeeds(outcome));
    return std::nullopt;
  }
  const ::testing::ScopedTrace where(__FILE__, __LINE__,
                                     struck.step + " " + struck.call + " " + struck.path);
  EXPECT_FALSE(outcome.timed_out);
  judge(struck, outcome);
  box.remove_by_force();
  expect_nothing_left();
  return struck;
}

void FaultyRun::strike_each(Meddling meddling, const Prepare& prepare, const Judge& judge) {
  int struck = 0;
  for (unsigned process = 0;; ++process) {
    unsigned call = 1;
    const auto step = [&] { return std::to_string(process) + ":" + std::to_string(call); };
    while (strike(meddling, step(), prepare, judge)) {
      ++call;
      ++struck;
      // One fault of the runtime shows at many steps: a page of them is enough.
      if (::testing::Test::HasFatalFailure()) return;
    }
    if (call == 1) break;
  }
  EXPECT_GT(struck, 0);
  RecordProperty("steps", struck);
}

bool FaultyRun::may_be_ignored(const Struck& struck) {
  for (const Harmless& row : kHarmless) {
    if (struck.call == row.call && struck.path.find(row.path) != std::string::npos) return true;
  }
  return false;
}

void FaultyRun::expect_report(const Struck& struck, const Outcome& outcome, int exit_code) {
  if (outcome.code == 0) {
    EXPECT_TRUE(may_be_ignored(struck)) << "it succeeded";
    return;
  }
  EXPECT_EQ(outcome.code, exit_code) << outcome;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.ends_with('\n') && outcome.err.find('\n') == outcome.err.size() - 1)
      << "not one line: " << outcome;
  EXPECT_NE(outcome.err.find(kErrorText), std::string::npos) << outcome;
}

}  // namespace gocker::test
