#include "runtime/linux/rlimits.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(SetRlimits, KnowsEveryNameOfTheManual) {
  in_child([] {
    for (const std::string name :
         {"AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE", "NOFILE",
          "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK"}) {
      rlimit before{};
      // The soft limit to what it is: only the name is in question.
      set_rlimits(0, {});
      EXPECT_EQ(::getrlimit(RLIMIT_CORE, &before), 0);
      const std::string type = "RLIMIT_" + name;
      try {
        set_rlimits(0, {{type, 0, ~uint64_t{0}}});
      } catch (const std::exception& error) {
        EXPECT_EQ(std::string(error.what()).find("unknown"), std::string::npos) << error.what();
      }
    }
  });
}

TEST(SetRlimits, SetsThoseOfAnotherProcess) {
  const std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ::pause();
    exit_now(0);
  }
  set_rlimits(child->pid(), {{"RLIMIT_NOFILE", 77, 88}});
  rlimit limit{};
  ASSERT_EQ(::prlimit(child->pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 77u);
  EXPECT_EQ(limit.rlim_max, 88u);
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
