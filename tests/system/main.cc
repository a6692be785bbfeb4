// The entry of every system test program.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "tests/system/runtime.h"

namespace {

class World : public ::testing::Environment {
  void SetUp() override {
    if (::geteuid() != 0) return;  // every test skips itself and says so
    const std::string runtime = gocker::test::Runtime::path();
    ASSERT_EQ(::access(runtime.c_str(), X_OK), 0)
        << "no runtime: set GOCKER_RUNTIME, now \"" << runtime << "\"";
    ASSERT_NE(gocker::test::Runtime::version(), "") << runtime << " --version prints nothing";
    // Mounts of ours concern nobody else, and mounts of others do not disturb the comparison.
    gocker::check(::unshare(CLONE_NEWNS), "unshare");
    gocker::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount", "/");
    // As an engine's monitor does: what a runtime leaves behind becomes our child.
    gocker::check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
    ::umask(022);
  }
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::AddGlobalTestEnvironment(new World);  // gtest owns it
  return RUN_ALL_TESTS();
}
