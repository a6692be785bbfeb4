// Whose rights a process gets: users, groups, capabilities.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/cve/attack.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Users : public Attack {
 protected:
  static void expect_no_inheritable(const Outcome& outcome) {
    NEEDED(outcome);
    EXPECT_EQ(Value::parse(outcome.out)["/capabilities/inheritable"].size(), 0U);
  }
};

TEST_F(Users, NumberIsNoName) {
  row("CVE-2016-3697", "user 1000, and a line `1000:x:0:0` in the image's passwd");
  std::ofstream(box.bundle.rootfs("/etc/passwd")) << "1000:x:0:0:root:/:/inside\n";
  NEEDED(start_sleeping());
  const Outcome outcome = exec({"--user", "1000"}, {"/inside", "try", "euid"});
  NEEDED(outcome);
  EXPECT_EQ(outcome.out, "[\"1000\"]\n");
}

TEST_F(Users, OddTextsAreNotRoot) {
  row("CVE-2026-30892", "`exec --user` with texts that a careless reader takes for 0");
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  NEEDED(start_sleeping());
  const Words texts = {"1",   "01", "1:",  ":1",    " 1",         "1x",         "+1", "1.0",
                       "0x1", "-1", "1e3", "1:1:1", "4294967295", "4294967296", "x"};
  for (const std::string& text : texts) {
    const Outcome outcome = exec({"--user=" + text}, {"/inside", "try", "euid"});
    if (outcome) {
      EXPECT_NE(outcome.out, "[\"0\"]\n") << "\"" << text << "\"";
    }
  }
}

TEST_F(Users, IdsBeyondTheRangeAreNotRoot) {
  row("CVE-2024-40635", "user ids of 2^32 and more, and negative ones, in config.json");
  box.bundle.set_command({"try", "euid"});
  for (const char* id : {"4294967295", "4294967296", "18446744073709551616", "-1", "-4294967296",
                         "1000.5", "\"1000\""}) {
    box.config().set("/process/user/uid", Value::parse(id));
    const Outcome outcome = box.run();
    if (outcome) {
      EXPECT_NE(outcome.out, "[\"0\"]\n") << id;
    }
  }
}

TEST_F(Users, GroupsTakeRightsAway) {
  row("CVE-2022-2989, CVE-2022-2990, CVE-2022-36109, CVE-2023-25173",
      "a file that all but a group may read, and a process in that group");
  const std::string secret = box.bundle.rootfs("/secret");
  std::ofstream(secret) << "secret";
  ASSERT_EQ(::chown(secret.c_str(), 0, 100), 0);
  ASSERT_EQ(::chmod(secret.c_str(), 0604), 0);
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000, "additionalGids": [100]})"_json);
  box.config().set("/process/capabilities", "{}"_json);
  NEEDED(start_sleeping());
  EXPECT_EQ(exec({}, {"/inside", "try", "open", "/secret", "r"}).out, "[\"EACCES\"]\n");
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  box.bundle.set_command({"try", "open", "/secret", "r"});
  EXPECT_EQ(box.run().out, "[\"EACCES\"]\n");
}

TEST_F(Users, NothingIsInheritable) {
  row("CVE-2022-24769, CVE-2022-27649, CVE-2022-27650, CVE-2022-27651, CVE-2022-29162, "
      "CVE-2025-27612",
      "inheritable capabilities after create, exec and `exec --cap`");
  box.bundle.set_command({"report"});
  expect_no_inheritable(box.run());
  NEEDED(start_sleeping());
  expect_no_inheritable(exec({}, {"/inside", "report"}));
  expect_no_inheritable(exec({"--cap", "CAP_NET_RAW"}, {"/inside", "report"}));
}

TEST_F(Users, HugeFilesDoNotHang) {
  row("CVE-2026-53492", "/etc/passwd and /etc/group of 1 GB each, then FIFOs");
  box.bundle.set_command({"exit", "0"});
  const auto time_of_a_run = [&] {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(succeeds(box.run()));
    return std::chrono::steady_clock::now() - begin;
  };
  const auto small = time_of_a_run();
  for (const char* name : {"/etc/passwd", "/etc/group"}) {
    std::ofstream(box.bundle.rootfs(name)).close();
    fs::resize_file(box.bundle.rootfs(name), 1 << 30);
  }
  const auto huge = time_of_a_run();
  EXPECT_LT(huge, 5s + 20 * small);  // a busy machine is slow with small ones, too
  for (const char* name : {"/etc/passwd", "/etc/group"}) {
    fs::remove(box.bundle.rootfs(name));
    ASSERT_EQ(::mkfifo(box.bundle.rootfs(name).c_str(), 0644), 0);
  }
  EXPECT_FALSE(box.run().timed_out);
}

}  // namespace
}  // namespace gocker::test
