#include "runtime/cgroup/membership.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/delegated.h"
#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

constexpr uid_t kNobody = 65534;

void make_empty_file(const std::string& path, mode_t mode) {
  const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, mode));
  EXPECT_TRUE(file);
  EXPECT_EQ(::fchmod(file.get(), mode), 0);
}
constexpr std::string_view kProcCgroup =
    "4:cpu,cpuacct:/system.slice/a\n1:name=systemd:/\n0::/user.slice/a:b\n";

// Groups as a user may have them, in a directory of the tests: not the kernel's, but permissions
// are all that is asked of them.
class Delegated : public ::testing::Test {
 protected:
  std::string group(const std::string& path, mode_t mode) const {
    const std::string directory = folder_.path() + path;
    EXPECT_EQ(::mkdir(directory.c_str(), 0755), 0);
    EXPECT_EQ(::chmod(directory.c_str(), mode), 0);
    make_empty_file(directory + "/cgroup.procs", mode & 0666);
    return directory;
  }

  // As a user who owns nothing of it.
  static bool holds_for_nobody(const std::function<bool()>& claim) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::setresuid(kNobody, kNobody, kNobody) == 0 && claim() ? 0 : 1);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status == 0;
  }

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  }

  TempDir folder_;
};

TEST(Membership, IsReadFromTheLineOfTheHierarchy) {
  EXPECT_EQ(group_of(kProcCgroup, "cpu,cpuacct"), "/system.slice/a");
  EXPECT_EQ(group_of(kProcCgroup, ""), "/user.slice/a:b");
  EXPECT_EQ(group_of(kProcCgroup, "name=systemd"), "/");
  EXPECT_EQ(group_of(kProcCgroup, "cpu"), "");
  EXPECT_EQ(group_of("", ""), "");
}

TEST(Membership, IsADirectoryBelowWhatIsMounted) {
  EXPECT_EQ(directory_of({"", "/sys/fs/cgroup", ""}, "/a/b"), "/sys/fs/cgroup/a/b");
  EXPECT_EQ(directory_of({"", "/sys/fs/cgroup", "/"}, "/"), "/sys/fs/cgroup");
  EXPECT_EQ(directory_of({"", "/mnt", "/a"}, "/a/b"), "/mnt/b");
}

TEST(Membership, OfNobodyIsEmpty) {
  const CgroupHost host{{{"", "/sys/fs/cgroup", ""}}};
  constexpr pid_t kNeverAProcess = 1 << 23;
  EXPECT_EQ(unified_directory_of(kNeverAProcess, host), "");
  EXPECT_EQ(unified_directory_of(::getpid(), CgroupHost{}), "");
}

TEST(Membership, HasAGroupAboveBoth) {
  EXPECT_EQ(directory_above_both("/c/a/b", "/c/a/d/e"), "/c/a");
  EXPECT_EQ(directory_above_both("/c/ab", "/c/ac"), "/c");
  EXPECT_EQ(directory_above_both("/c/a", "/c/ab"), "/c");
  EXPECT_EQ(directory_above_both("/c/a", "/c/a/b"), "/c/a");
  EXPECT_EQ(directory_above_both("/c/a/b", "/c/a"), "/c/a");
  EXPECT_EQ(directory_above_both("/c/a", "/c/a"), "/c/a");
  EXPECT_EQ(directory_above_both("/c", "/d"), "");
}

TEST_F(Delegated, ProcessesMoveOnlyWithinWhatIsGiven) {
  const std::string session = group("/session", 0755);
  const std::string given = group("/given", 0777);
  const std::string one = group("/given/one", 0777);
  const std::string other = group("/given/other", 0777);
  const std::string closed = group("/given/closed", 0755);
  EXPECT_TRUE(holds_for_nobody([&] { return may_move(one, other); }));
  EXPECT_FALSE(holds_for_nobody([&] { return may_move(session, other); }));
  EXPECT_FALSE(holds_for_nobody([&] { return may_move(one, closed); }));
  EXPECT_TRUE(may_move(given, closed));  // root may
}

// The lines of /proc/self/cgroup are this machine's, and lead to directories of the test.
TEST_F(Delegated, GroupsArePlannedWhereTheyMayBeMade) {
  const std::string listing = read_file("/proc/self/cgroup");
  CgroupHost host{{{"", folder_.path(), ""}}};
  const std::string own = group_of(listing, "");
  if (own.empty()) GTEST_SKIP() << "this process is in no group of v2";
  EXPECT_TRUE(plan_delegated_cgroups("c1", host).hierarchies.empty());
  make_directories(folder_.path() + own, 0755);
  make_empty_file(folder_.path() + own + "/cgroup.procs", 0644);
  const auto planned = [&] { return plan_delegated_cgroups("c1", host).find("")->directory; };
  const std::string inside = directory_of(host.hierarchies[0], own);
  EXPECT_EQ(planned(), inside + "/c1");
  if (own == "/") return;  // nothing lies beside it
  const std::string above = inside.substr(0, inside.rfind('/'));
  make_empty_file(above + "/cgroup.procs", 0644);
  EXPECT_EQ(planned(), above + "/c1");
}

}  // namespace
}  // namespace gocker
