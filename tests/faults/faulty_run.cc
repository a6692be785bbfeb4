#include "tests/faults/faulty_run.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

// Nothing that the kernel would answer here by itself, so that it is known again in the messages.
constexpr int kError = EIO;
constexpr const char* kSanitizersAreReady = "sanitizer-reports";  // tests/sanitizer/report.cc
constexpr const char* kErrorText = "Input/output error";

// A failure that need not be told as such: where and why.
struct Exception {
  enum class Kind { ignored, in_other_words } kind;
  const char* call;
  const char* path;  // a part of it; "" for all
  const char* reason;
  const char* process = "";  // "0:" for the launcher alone
};
using enum Exception::Kind;

constexpr Exception kExceptions[] = {
    {ignored, "prlimit64", "", "libc looks for the size of the stack"},
    {ignored, "getrandom", "", "libc takes a weaker seed"},
    {ignored, "readlink", "/proc/self/exe",
     "libc's $ORIGIN; the overlay gives way to a memory file"},
    {ignored, "fsopen", "overlay", "the overlay gives way to a memory file"},
    {ignored, "fsconfig", "lowerdir", "likewise"},
    {ignored, "execveat", "", "likewise"},
    {ignored, "fsopen", "proc", "the procfs that is mounted already serves, once it was checked"},
    {ignored, "fsconfig", "", "likewise, and of the overlay"},
    {ignored, "fsmount", "", "likewise, and of the overlay"},
    {in_other_words, "statfs", "/proc/self/exe", "what can't be looked at is not trusted"},
    {in_other_words, "openat", "/proc/self/exe", "what can't be looked at is not trusted"},
    {ignored, "access", "/sys/fs/cgroup/", "making the group tells for good whether it was there"},
    {in_other_words, "read", "", "of the gate: a start that looks late finds init gone", "1:"},
    {ignored, "write", "", "a hook need not read its stdin"},
    {ignored, "read", "", "of what a hook prints, and of the image's passwd"},
    {ignored, "openat2", "/dev", "a slower way to make the mount point is taken"},
    {ignored, "newfstatat", "", "the owner of a stream is a courtesy"},
    {ignored, "ioctl", "", "the owner of a stream is a courtesy"},
    {ignored, "prctl", "", "a capability that the machine lacks is not missed"},
    {ignored, "rt_sigaction", "", "SIGPIPE is given back to the caller, who ends soon"},
    {ignored, "rt_sigprocmask", "", "signals are given back to the caller, who ends soon"},
    {ignored, "madvise", "", "the code of the runtime stays in memory then"},
    {ignored, "unlinkat", "go", "a gate without a reader counts as open, too"},
    {ignored, "unlinkat", "result", "likewise"},
    {ignored, "unlinkat", "", "what the short way of a removal leaves, the long way removes", "0:"},
    {ignored, "openat", "/", "of the image's passwd, for HOME: it is / then"},
    {ignored, "openat2", "etc/passwd", "for HOME: it is / then"},
    {ignored, "statfs", "/sys/fs/cgroup", "the table of mounts tells what is there"},
    {ignored, "mount", "/proc/self/fd/", "the mount is made step by step then, and that tells"},
    {ignored, "close_range", "", "of a batch: each is closed by itself then"},
    {ignored, "call", "467", "open_tree_attr(2): open_tree(2) and mount_setattr(2) do the same"},
    {ignored, "readlink", "/rootfs", "realpath(3) takes every step by itself then, and that tells"},
};

bool is_exception(Exception::Kind kind, const Struck& struck) {
  return std::any_of(std::begin(kExceptions), std::end(kExceptions), [&](const Exception& row) {
    return row.kind == kind && struck.call == row.call &&
           struck.path.find(row.path) != std::string::npos && struck.step.starts_with(row.process);
  });
}

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
  box.bundle.set_command({"exit", "0"});
}

std::optional<Struck> FaultyRun::strike(Meddling meddling, const std::string& step,
                                        const Prepare& prepare, const Judge& judge) {
  Program program = prepare();
  const std::string report = path("struck");
  Words words = {TRACER_PROGRAM, "--leave-at-exec", "--report", report};
  if (Runtime::is_sanitized()) words.insert(words.end(), {"--from", kSanitizersAreReady});
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
    EXPECT_TRUE(succeeds(box.remove_by_force()));
    return std::nullopt;
  }
  const ::testing::ScopedTrace where(__FILE__, __LINE__,
                                     struck.step + " " + struck.call + " " + struck.path);
  EXPECT_FALSE(outcome.timed_out);
  judge(struck, outcome);
  EXPECT_TRUE(succeeds(box.remove_by_force()));
  expect_nothing_left();
  return struck;
}

void FaultyRun::strike_each(Meddling meddling, const Prepare& prepare, const Judge& judge) {
  if (meddling == Meddling::fail && Runtime::is_sanitized()) {
    GTEST_SKIP() << "the sanitizers make system calls of their own, and take none for failed";
  }
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

void FaultyRun::expect_report(const Struck& struck, const Outcome& outcome, int exit_code) {
  if (outcome.code == 0) {
    EXPECT_TRUE(is_exception(ignored, struck)) << "it succeeded";
    return;
  }
  EXPECT_EQ(outcome.code, exit_code) << outcome;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.ends_with('\n') && outcome.err.find('\n') == outcome.err.size() - 1)
      << "not one line: " << outcome;
  const bool told = outcome.err.find(kErrorText) != std::string::npos;
  EXPECT_TRUE(told || is_exception(in_other_words, struck)) << outcome;
}

}  // namespace gocker::test
