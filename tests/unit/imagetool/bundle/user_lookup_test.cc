#include "imagetool/bundle/user_lookup.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker::tests {
namespace {

constexpr std::string_view kPasswd =
    "# a comment\n"
    "root:x:0:0:root:/root:/bin/sh\n"
    "app:x:1000:1001::/srv/app:/bin/sh\n"
    "1000:x:0:0::/evil:/bin/sh\n"
    "homeless:x:1002:1002\n"
    "broken:x:many:0::/:\n"
    "huge:x:4294967295:0::/:\n"
    "last:x:7:8::/last:/bin/sh";  // no newline
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "staff:x:50:app,last\n"
    "docker:x:60: app , other\n"
    "again:x:50:app\n"
    "app:x:1001:\n";

class UserLookupTest : public ::testing::Test {
 protected:
  UserLookupTest() { ::mkdir((directory_.path() + "/etc").c_str(), 0755); }

  void write(const std::string& path, std::string_view content) {
    const Fd file = open_file(directory_.path() + path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    write_all(file, content, path);
  }
  void write_tables() {
    write("/etc/passwd", kPasswd);
    write("/etc/group", kGroup);
  }
  ImageUser look_up(std::string_view user) const {
    return look_up_user(user, RootDir::open_host_path(directory_.path()));
  }
  std::string failure(std::string_view user) const {
    try {
      look_up(user);
    } catch (const Error& error) {
      return error.what();
    }
    return "(found)";
  }

  TempDir directory_{"gocker-user-test"};
};

TEST_F(UserLookupTest, TakesNobodyForRoot) {
  write_tables();
  const ImageUser user = look_up("");
  EXPECT_EQ(user.ids.uid, 0U);
  EXPECT_EQ(user.ids.gid, 0U);
  EXPECT_EQ(user.home, "/root");
  EXPECT_TRUE(user.ids.additional_gids.empty());
}

TEST_F(UserLookupTest, FindsANameWithItsGroups) {
  write_tables();
  const ImageUser user = look_up("app");
  EXPECT_EQ(user.ids.uid, 1000U);
  EXPECT_EQ(user.ids.gid, 1001U);
  EXPECT_EQ(user.ids.additional_gids, (std::vector<uint32_t>{50, 60}));
  EXPECT_EQ(user.home, "/srv/app");
}

// CVE-2016-3697: a line of passwd named "1000" made uid 1000 root.
TEST_F(UserLookupTest, NeverLooksANumberUpAsAName) {
  write_tables();
  const ImageUser user = look_up("1000");
  EXPECT_EQ(user.ids.uid, 1000U);
  EXPECT_EQ(user.ids.gid, 1001U);
  EXPECT_TRUE(user.ids.additional_gids.empty());
  EXPECT_EQ(user.home, "/srv/app");
}

TEST_F(UserLookupTest, TakesNumbersThatNobodyHas) {
  write_tables();
  EXPECT_EQ(look_up("5555").ids.uid, 5555U);
  EXPECT_EQ(look_up("5555").ids.gid, 0U);
  EXPECT_EQ(look_up("5555").home, "/");
  EXPECT_EQ(look_up("5555:6666").ids.gid, 6666U);
  EXPECT_EQ(look_up("4294967294").ids.uid, 4294967294U);
}

TEST_F(UserLookupTest, TakesAGroupByNameOrNumberAndNoOthers) {
  write_tables();
  EXPECT_EQ(look_up("app:staff").ids.gid, 50U);
  EXPECT_EQ(look_up("app:99").ids.gid, 99U);
  EXPECT_EQ(look_up("7:staff").ids.gid, 50U);
  EXPECT_TRUE(look_up("app:staff").ids.additional_gids.empty());
}

TEST_F(UserLookupTest, ReadsALastLineWithoutANewline) {
  write_tables();
  EXPECT_EQ(look_up("last").ids.uid, 7U);
  EXPECT_EQ(look_up("last").ids.additional_gids, std::vector<uint32_t>{50});
  EXPECT_EQ(look_up("homeless").home, "/");
}

TEST_F(UserLookupTest, RefusesWhatIsNotThere) {
  write_tables();
  for (const char* user : {"nobody", "broken", "huge", "app:nogroup", "4294967295", "4294967296",
                           "18446744073709551616", "-1", "1e3", " 1", "app:4294967295", "app:"}) {
    EXPECT_NE(failure(user), "(found)") << user;
  }
  EXPECT_EQ(failure("nobody"), "look up user nobody: no such name in the image's /etc/passwd");
}

TEST_F(UserLookupTest, DoesWithoutTheFiles) {
  EXPECT_EQ(look_up("0").ids.uid, 0U);
  EXPECT_EQ(look_up("").home, "/");
  EXPECT_NE(failure("root"), "(found)");
}

TEST_F(UserLookupTest, StaysBelowTheRoot) {
  write("/secret", "host:x:1:1::/:\n");
  ASSERT_EQ(::symlink((directory_.path() + "/secret").c_str(),
                      (directory_.path() + "/etc/passwd").c_str()),
            0);
  EXPECT_NE(failure("host"), "(found)");  // absolute: there is no such path below the root
  ::unlink((directory_.path() + "/etc/passwd").c_str());
  ASSERT_EQ(::symlink("../../../secret", (directory_.path() + "/etc/passwd").c_str()), 0);
  EXPECT_EQ(look_up("host").ids.uid, 1U);  // ".." ends at the root
}

TEST_F(UserLookupTest, DoesNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo((directory_.path() + "/etc/passwd").c_str(), 0644), 0);
  EXPECT_NE(failure("app"), "(found)");
}

TEST_F(UserLookupTest, RefusesFilesOfAbsurdSize) {
  write("/etc/passwd", "");
  ASSERT_EQ(::truncate((directory_.path() + "/etc/passwd").c_str(), 1 << 30), 0);
  EXPECT_NE(failure("app").find("longer than"), std::string::npos);
}

}  // namespace
}  // namespace gocker::tests
