#include "runtime/linux/rlimits.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/base/process.h"
#include "runtime/linux/capabilities.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

TEST(SetRlimits, SetsSoftAndHardOfTheCaller) {
  in_child([] {
    set_rlimits(0, {{"RLIMIT_NOFILE", 64, 128}, {"RLIMIT_CORE", 0, 4096}});
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(limit.rlim_cur, 64u);
    EXPECT_EQ(limit.rlim_max, 128u);
    ::getrlimit(RLIMIT_CORE, &limit);
    EXPECT_EQ(limit.rlim_cur, 0u);
    EXPECT_EQ(limit.rlim_max, 4096u);
  });
}

// A process that waits to be killed: it has no use for what its limits take away.
Child waiting_process() {
  std::optional<Child> child = clone_child(0, Fd());
  if (child) return std::move(*child);
  ::pause();
  exit_now(0);
}

rlimit limit_of(const Child& process, __rlimit_resource resource) {
  rlimit limit{};
  EXPECT_EQ(::prlimit(process.pid(), resource, nullptr, &limit), 0);
  return limit;
}

TEST(SetRlimits, SetsThoseOfAnotherProcess) {
  const Child other = waiting_process();
  set_rlimits(other.pid(), {{"RLIMIT_NOFILE", 77, 88}});
  EXPECT_EQ(limit_of(other, RLIMIT_NOFILE).rlim_cur, 77u);
  EXPECT_EQ(limit_of(other, RLIMIT_NOFILE).rlim_max, 88u);
}

TEST(SetRlimits, KnowsEveryNameOfTheManual) {
  const std::pair<const char*, __rlimit_resource> all[] = {
      {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},
      {"RLIMIT_CPU", RLIMIT_CPU},         {"RLIMIT_DATA", RLIMIT_DATA},
      {"RLIMIT_FSIZE", RLIMIT_FSIZE},     {"RLIMIT_LOCKS", RLIMIT_LOCKS},
      {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
      {"RLIMIT_NICE", RLIMIT_NICE},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
      {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_RSS", RLIMIT_RSS},
      {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},
      {"RLIMIT_STACK", RLIMIT_STACK},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}};
  const Child other = waiting_process();
  for (const auto& [name, resource] : all) {
    const rlim_t hard = limit_of(other, resource).rlim_max;
    const rlim_t soft = hard == 0 ? 0 : hard / 2 + static_cast<rlim_t>(resource);
    set_rlimits(other.pid(), {{name, std::min(soft, hard), hard}});
    EXPECT_EQ(limit_of(other, resource).rlim_cur, std::min(soft, hard)) << name;
  }
}

TEST(SetRlimits, RefusesUnknownNames) {
  EXPECT_EQ(error_of([] {
              set_rlimits(0, {{"RLIMIT_NOFILES", 1, 1}});
            }),
            "unknown rlimit RLIMIT_NOFILES (is RLIMIT_NOFILE meant?)");
  EXPECT_EQ(error_of([] { set_rlimits(0, {{"NOFILE", 1, 1}}); }), "unknown rlimit NOFILE");
}

TEST(SetRlimits, ErrorsTellTheValues) {
  in_child([] {
    EXPECT_EQ(error_of([] {
                set_rlimits(0, {{"RLIMIT_CORE", 2, 1}});
              }),
              "set RLIMIT_CORE: prlimit soft 2, hard 1: Invalid argument");
    set_rlimits(0, {{"RLIMIT_CORE", 0, 0}});
    set_capabilities({}, 0);
    EXPECT_EQ(error_of([] {
                set_rlimits(0, {{"RLIMIT_CORE", 0, ~uint64_t{0}}});
              }),
              "set RLIMIT_CORE: prlimit soft 0, hard unlimited: Operation not permitted");
  });
}

}  // namespace
}  // namespace gocker
