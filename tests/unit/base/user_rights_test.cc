#include "runtime/base/user_rights.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "runtime/base/companion.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker {
namespace {

constexpr uid_t kNobody = 65534;

// Each answer is given once for a process, so each question is asked by a process of its own.
bool holds(const std::function<bool()>& claim) {
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    try {
      exit_now(claim() ? 0 : 1);
    } catch (const std::exception&) {
      exit_now(1);
    }
  }
  return exit_code_of(child->wait()) == 0;
}

bool enter_user_namespace() {
  const std::string own = "0 " + std::to_string(::geteuid()) + " 1";
  if (::unshare(CLONE_NEWUSER) != 0) return false;
  write_file("/proc/self/uid_map", own);
  return true;
}

class UserRights : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
    if (!holds(enter_user_namespace)) GTEST_SKIP() << "no user namespaces here";
  }
};

TEST_F(UserRights, OfRootAreTheHosts) {
  EXPECT_TRUE(holds([] { return is_superuser() && is_host_root(); }));
}

TEST_F(UserRights, OfAnOrdinaryUserStayItsOwn) {
  EXPECT_TRUE(holds([] {
    if (::setresuid(kNobody, kNobody, kNobody) != 0 || is_superuser()) return false;
    ::prctl(PR_SET_DUMPABLE, 1);  // its files in /proc are its own again
    return enter_user_namespace() && ::geteuid() == 0 && !is_superuser() && !is_host_root();
  }));
}

TEST_F(UserRights, OfANamespacesRootAreNotTheHosts) {
  EXPECT_TRUE(holds([] { return enter_user_namespace() && is_superuser() && !is_host_root(); }));
}

TEST_F(UserRights, ThatAreSwitchedOffAreToldWithTheRemedy) {
  EXPECT_TRUE(holds([] {
    if (!enter_user_namespace()) return false;
    write_file("/proc/sys/user/max_user_namespaces", "0");
    return user_namespace_hint().find("max_user_namespaces is 0: set it to 15000") !=
           std::string::npos;
  }));
}

TEST(Companion, IsBesideTheProgramOrInLibexec) {
  const TempDir folder;
  make_directories(folder.path() + "/bin", 0755);
  make_directories(folder.path() + "/libexec/gocker", 0755);
  const std::string bin = folder.path() + "/bin";
  const auto install = [](const std::string& path, mode_t mode) {
    replace_file_at(open_directory(path.substr(0, path.rfind('/'))),
                    path.substr(path.rfind('/') + 1), "", mode);
  };
  EXPECT_FALSE(find_companion(bin, "helper"));
  install(folder.path() + "/libexec/gocker/helper", 0755);
  EXPECT_EQ(find_companion(bin, "helper"), bin + "/../libexec/gocker/helper");
  install(bin + "/helper", 0644);
  EXPECT_NE(find_companion(bin, "helper"), bin + "/helper");  // it can't be executed
  install(bin + "/helper", 0755);
  EXPECT_EQ(find_companion(bin, "helper"), bin + "/helper");
}

}  // namespace
}  // namespace gocker
