#include "runtime/launch/become.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

class FindProgramTest : public testing::Test {
 protected:
  void make_file(const std::string& name, mode_t mode) {
    replace_file_at(open_directory(temporary_.path()), name, "#!/bin/sh\n", mode);
  }
  std::string failure_of(const std::string& name) const {
    try {
      find_program(name, env_);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir temporary_;
  std::vector<std::string> env_{"PATHOLOGY=/x", "PATH=/no/such:" + temporary_.path()};
};

TEST_F(FindProgramTest, SearchesPathForABareName) {
  make_file("tool", 0755);
  EXPECT_EQ(find_program("tool", env_), temporary_.path() + "/tool");
}

TEST_F(FindProgramTest, TakesANameWithASlashAsItIs) {
  make_file("tool", 0755);
  const std::string path = temporary_.path() + "/tool";
  EXPECT_EQ(find_program(path, {}), path);
}

// Engines turn these very words into exit codes 126 and 127.
TEST_F(FindProgramTest, SpeaksTheWordsThatEnginesLookFor) {
  EXPECT_EQ(failure_of("nosuch"), "exec: \"nosuch\": executable file not found in $PATH");
  EXPECT_EQ(failure_of(""), "exec: \"\": executable file not found in $PATH");
  EXPECT_EQ(failure_of("/no/such"), "exec: \"/no/such\": stat /no/such: no such file or directory");
  EXPECT_EQ(failure_of("/etc"), "exec: \"/etc\": permission denied (is a directory)");
  EXPECT_EQ(failure_of("/etc/passwd"), "exec: \"/etc/passwd\": permission denied");
  EXPECT_EQ(failure_of("/etc/passwd/x"),
            "exec: \"/etc/passwd/x\": stat /etc/passwd/x: not a directory");
  make_file("plain", 0644);
  EXPECT_EQ(failure_of("plain"), "exec: \"plain\": permission denied");
}

}  // namespace
}  // namespace gocker
