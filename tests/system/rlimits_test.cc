// Resource limits of the process (config.md, "POSIX process").
#include <sys/resource.h>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Rlimits : public SystemTest {
 protected:
  void add(const std::string& type, int64_t soft, int64_t hard) {
    Value limit;
    limit.set("/type", type);
    limit.set("/soft", soft);
    limit.set("/hard", hard);
    box.config().append("/process/rlimits", limit);
  }
};

TEST_F(Rlimits, AreSet) {
  add("RLIMIT_NOFILE", 500, 1000);
  add("RLIMIT_CORE", 0, 0);
  add("RLIMIT_STACK", 4 << 20, 16 << 20);
  add("RLIMIT_NPROC", 77, 88);
  add("RLIMIT_MEMLOCK", 4096, 8192);
  add("RLIMIT_FSIZE", 1 << 20, 1 << 20);
  add("RLIMIT_MSGQUEUE", 1000, 2000);
  add("RLIMIT_RTTIME", 5000, 6000);
  add("RLIMIT_NICE", 0, 0);
  const Value limits = box.report()["/rlimits"];
  for (const Value& limit : box.config()["/process/rlimits"].elements()) {
    const std::string type = limit["/type"].text();
    EXPECT_EQ(limits["/" + type + "/soft"], limit["/soft"]) << type;
    EXPECT_EQ(limits["/" + type + "/hard"], limit["/hard"]) << type;
  }
}

struct LimitRow {
  const char* name;
  int64_t soft;
  int64_t hard;
};
std::ostream& operator<<(std::ostream& stream, const LimitRow& row) {
  return stream << row.name;
}

// Enough for the program, and no more than an unprivileged caller has to give.
constexpr int64_t kMuch = 1 << 26;
constexpr LimitRow kLimits[] = {
    {"AS", kMuch, kMuch + 1},
    {"CORE", kMuch, kMuch + 1},
    {"CPU", kMuch, kMuch + 1},
    {"DATA", kMuch, kMuch + 1},
    {"FSIZE", kMuch, kMuch + 1},
    {"LOCKS", kMuch, kMuch + 1},
    {"MEMLOCK", 100, 101},
    {"MSGQUEUE", 100, 101},
    {"NICE", 0, 0},
    {"NOFILE", 100, 101},
    {"NPROC", 100, 101},
    {"RSS", kMuch, kMuch + 1},
    {"RTPRIO", 0, 0},
    {"RTTIME", kMuch, kMuch + 1},
    {"SIGPENDING", 100, 101},
    {"STACK", kMuch, kMuch + 1},
};

class EachLimit : public Rlimits, public ::testing::WithParamInterface<LimitRow> {};
INSTANTIATE_TEST_SUITE_P(Rlimits, EachLimit, ::testing::ValuesIn(kLimits),
                         [](const ::testing::TestParamInfo<LimitRow>& row) {
                           return std::string(row.param.name);
                         });

TEST_P(EachLimit, IsSet) {
  const std::string type = std::string("RLIMIT_") + GetParam().name;
  add(type, GetParam().soft, GetParam().hard);
  const Value limits = box.report()["/rlimits"];
  EXPECT_EQ(limits["/" + type + "/soft"], GetParam().soft);
  EXPECT_EQ(limits["/" + type + "/hard"], GetParam().hard);
}

TEST_F(Rlimits, AreTheCallersOtherwise) {
  struct rlimit own = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  const Value limits = box.report()["/rlimits"];
  EXPECT_EQ(limits["/RLIMIT_NOFILE/soft"], uint64_t{own.rlim_cur});
  EXPECT_EQ(limits["/RLIMIT_NOFILE/hard"], uint64_t{own.rlim_max});
}

TEST_F(Rlimits, LargestNumberMeansNoLimit) {
  Value limit = R"({"type": "RLIMIT_CPU", "soft": 18446744073709551615,
                    "hard": 18446744073709551615})"_json;
  box.config().append("/process/rlimits", limit);
  EXPECT_EQ(box.report()["/rlimits/RLIMIT_CPU/soft"], limit["/soft"]);
}

// Core files are for this long allowed, as a program's user may want them.
class CoreFilesAllowed {
 public:
  explicit CoreFilesAllowed(rlim_t soft) {
    ::getrlimit(RLIMIT_CORE, &before_);
    const struct rlimit allowed = {soft, before_.rlim_max};
    works_ = ::setrlimit(RLIMIT_CORE, &allowed) == 0;
  }
  CoreFilesAllowed(const CoreFilesAllowed&) = delete;
  CoreFilesAllowed& operator=(const CoreFilesAllowed&) = delete;
  ~CoreFilesAllowed() { ::setrlimit(RLIMIT_CORE, &before_); }
  bool work() const { return works_; }

 private:
  struct rlimit before_ = {};
  bool works_ = false;
};

// One would hold the configuration, with all secrets in it.
TEST_F(Rlimits, TheRuntimeItselfLeavesNoCoreFile) {
  KNOWN_GAP(kRunc, "it leaves them");
  constexpr rlim_t kLimit = 1 << 20;
  const CoreFilesAllowed allowed(kLimit);
  if (!allowed.work()) GTEST_SKIP() << "no core files may be allowed here";
  const auto core_limit = [](pid_t pid) {
    struct rlimit limit = {};
    ::prlimit(pid, RLIMIT_CORE, nullptr, &limit);
    return limit.rlim_cur;
  };
  box.bundle.set_command({"print-signal"});
  const Running run = box.run_in_background();
  ASSERT_TRUE(wait_until([&] { return run.output() == "ready\n"; }));
  EXPECT_EQ(core_limit(run.pid()), 0U);
  EXPECT_EQ(core_limit(box.pid()), kLimit);
  const Outcome exec = runtime.call({"exec", box.id(), "/inside", "report"});
  EXPECT_EQ(Value::parse(exec.out)["/rlimits/RLIMIT_CORE/soft"], uint64_t{kLimit});
}

// The limit is the program's, not that of the runtime on its way to it.
TEST_F(Rlimits, TightOnesDoNotDisturbTheStart) {
  KNOWN_GAP(kRunc, "it opens files after it has limited itself");
  add("RLIMIT_NOFILE", 4, 4);
  add("RLIMIT_AS", 1 << 30, 1 << 30);
  add("RLIMIT_NPROC", 1, 1);
  // Nobody else's: the processes of all containers and of the host count together.
  box.config().set("/process/user", R"({"uid": 61234, "gid": 61234})"_json);
  EXPECT_EQ(box.attempt({{"fork", "1"}, {"read", "/etc/passwd"}})[0], "0");
}

}  // namespace
}  // namespace gocker::test
