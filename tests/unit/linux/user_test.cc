#include "runtime/linux/user.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/linux/capabilities.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

class UserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

std::vector<gid_t> groups() {
  std::vector<gid_t> list(64);
  const int count = ::getgroups(static_cast<int>(list.size()), list.data());
  list.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return list;
}

TEST_F(UserTest, AllIdsAndTheExactGroups) {
  in_child([] {
    const gid_t before[] = {4, 5, 6};
    ASSERT_EQ(::setgroups(3, before), 0);
    set_user({.uid = 1000, .gid = 1001, .additional_gids = {20, 4294967294}});
    uid_t uids[3];
    gid_t gids[3];
    ::getresuid(&uids[0], &uids[1], &uids[2]);
    ::getresgid(&gids[0], &gids[1], &gids[2]);
    for (const uid_t uid : uids) EXPECT_EQ(uid, 1000u);
    for (const gid_t gid : gids) EXPECT_EQ(gid, 1001u);
    EXPECT_EQ(static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))), 1000u);
    EXPECT_EQ(groups(), (std::vector<gid_t>{20, 4294967294}));
  });
}

TEST_F(UserTest, NoGroupsAskedForLeavesNone) {
  in_child([] {
    const gid_t before[] = {4, 5};
    ASSERT_EQ(::setgroups(2, before), 0);
    set_user({.uid = 0, .gid = 0});
    EXPECT_TRUE(groups().empty());
  });
}

TEST_F(UserTest, TheHighestIdIsNone) {
  in_child([] {
    const std::string expected = "set user: 4294967295 is no id";
    EXPECT_EQ(error_of([] { set_user({.uid = 4294967295, .gid = 1}); }), expected);
    EXPECT_EQ(error_of([] { set_user({.uid = 1, .gid = 4294967295}); }), expected);
    EXPECT_EQ(error_of([] { set_user({.uid = 1, .gid = 1, .additional_gids = {4294967295}}); }),
              "set user: setgroups: Invalid argument");
  });
}

TEST_F(UserTest, WithoutTheRightItIsAnError) {
  in_child([] {
    set_capabilities({}, 0);
    EXPECT_EQ(error_of([] { set_user({.uid = 1000, .gid = 1000}); }),
              "set user: setgroups: Operation not permitted");
  });
}

// A user namespace as an unprivileged user makes it: one id, setgroups denied.
void enter_rootless_namespace() {
  ASSERT_EQ(::setresgid(1000, 1000, 1000), 0);
  ASSERT_EQ(::setresuid(1000, 1000, 1000), 0);
  ::prctl(PR_SET_DUMPABLE, 1);  // the change of user has cleared it; procfs asks for it
  ASSERT_EQ(::unshare(CLONE_NEWUSER), 0);
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/gid_map", "0 1000 1");
  write_file("/proc/self/uid_map", "0 1000 1");
}

TEST_F(UserTest, DeniedSetgroupsIsFineWhereNoGroupsAreAskedFor) {
  in_child([] {
    enter_rootless_namespace();
    become_namespace_root();
    EXPECT_EQ(::geteuid(), 0u);
    EXPECT_EQ(::getegid(), 0u);
    set_user({.uid = 0, .gid = 0});
    EXPECT_EQ(error_of([] { set_user({.uid = 0, .gid = 0, .additional_gids = {0}}); }),
              "set user: additional groups are asked for, but the user namespace denies setgroups");
  });
}

TEST_F(UserTest, AnIdOutsideOfTheMapIsAnError) {
  in_child([] {
    enter_rootless_namespace();
    EXPECT_EQ(error_of([] { set_user({.uid = 7, .gid = 0}); }),
              "set user: setresuid 7: Invalid argument");
  });
}

// The home directory of uid 1000 with this /etc/passwd.
std::string home_with(const std::function<void(const std::string& path)>& make_passwd,
                      uint32_t uid = 1000) {
  const TempDir dir;
  const std::string result = dir.path() + "/result";
  in_child([&] {
    make_directories(dir.path() + "/etc", 0755);
    make_passwd(dir.path() + "/etc/passwd");
    const Fd out = open_file(result, O_WRONLY | O_CREAT, 0644);
    ASSERT_EQ(::chroot(dir.path().c_str()), 0);
    ASSERT_EQ(::chdir("/"), 0);
    write_all(out, home_directory(uid), "result");
  });
  return read_file(result);
}

std::string home_with_text(const std::string& text, uint32_t uid = 1000) {
  return home_with([&](const std::string& path) { make_file(path, text); }, uid);
}

TEST_F(UserTest, HomeIsTheFirstLineOfTheUid) {
  EXPECT_EQ(home_with_text("root:x:0:0:root:/root:/bin/sh\na:x:1000:1000:A,,,:/home/a:/bin/sh\n"
                           "b:x:1000:1000::/home/b:/bin/sh\n"),
            "/home/a");
  EXPECT_EQ(home_with_text("a:x:1000:1000::/home/a"), "/home/a");  // neither shell nor newline
}

TEST_F(UserTest, NamesAreNeverTakenForNumbers) {
  EXPECT_EQ(home_with_text("1000:x:0:0::/root:/bin/sh\n"), "/");
}

TEST_F(UserTest, HomeIsTheRootWhereThereIsNone) {
  EXPECT_EQ(home_with([](const std::string&) {}), "/");
  EXPECT_EQ(home_with_text(""), "/");
  for (const char* line : {"a:x:1000:1000\n", "a:x:1000:1000:::\n", "a:x:1000:1000::relative:\n",
                           "a:x: 1000:1000::/home/a:\n", "a:x:1e3:1::/home/a:\n", ":::::::::\n"}) {
    EXPECT_EQ(home_with_text(line), "/") << line;
  }
}

TEST_F(UserTest, AHostileFileIsNotReadForEver) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto fifo = [](const std::string& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0); };
  const auto folder = [](const std::string& path) { ASSERT_EQ(::mkdir(path.c_str(), 0755), 0); };
  const auto loop = [](const std::string& path) {
    ASSERT_EQ(::symlink("passwd", path.c_str()), 0);
  };
  const auto device = [](const std::string& path) {  // /dev/zero
    ASSERT_EQ(::mknod(path.c_str(), S_IFCHR | 0644, makedev(1, 5)), 0);
  };
  EXPECT_EQ(home_with(fifo), "/");
  EXPECT_EQ(home_with(folder), "/");
  EXPECT_EQ(home_with(loop), "/");
  EXPECT_EQ(home_with(device), "/");
  const auto huge = [](const std::string& path) {  // sparse: it takes no room
    make_file(path);
    ASSERT_EQ(::truncate(path.c_str(), 1L << 30), 0);
  };
  EXPECT_EQ(home_with(huge), "/");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace gocker
