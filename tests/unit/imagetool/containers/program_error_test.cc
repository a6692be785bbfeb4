#include "imagetool/containers/program_error.h"

#include <gtest/gtest.h>

namespace gocker {
namespace {

TEST(ProgramErrorTest, KnowsTheWordsOfRuntimes) {
  // gocker-runtime and runc
  EXPECT_EQ(exit_code_of_failure(
                R"(run container c1: exec: "nosuch": executable file not found in $PATH)"),
            127);
  EXPECT_EQ(exit_code_of_failure(
                R"(run container c1: exec: "/no/such": stat /no/such: no such file or directory)"),
            127);
  EXPECT_EQ(exit_code_of_failure(R"(exec: "/x": permission denied)"), 126);
  EXPECT_EQ(exit_code_of_failure(R"(exec: "/etc": is a directory)"), 126);
  EXPECT_EQ(exit_code_of_failure(R"(exec: "/x": exec format error)"), 126);
  // crun
  EXPECT_EQ(exit_code_of_failure(
                "executable file `nosuch` not found in $PATH: No such file or directory"),
            127);
}

TEST(ProgramErrorTest, TakesNoOtherFailureForOne) {
  EXPECT_EQ(exit_code_of_failure("enter the working directory /x: chdir: no such file"), 125);
  EXPECT_EQ(exit_code_of_failure("exec in container c1: there is no such user"), 125);
  EXPECT_EQ(exit_code_of_failure(""), 125);
}

TEST(ProgramErrorTest, ReadsTheLastErrorOfALog) {
  EXPECT_EQ(last_error_in(R"({"level":"error","msg":"first"}
{"level":"warning","msg":"a warning"}
{"level":"error","msg":"second"}
not JSON
)"),
            "second");
  EXPECT_EQ(last_error_in(""), "");
  EXPECT_EQ(last_error_in(R"({"level":"debug","msg":"x"})"), "");
  EXPECT_EQ(last_error_in("{\"level\":\"error\"}\n[]\n5\n"), "");
}

TEST(ProgramErrorTest, IsThrownForProgramsOnly) {
  EXPECT_THROW(throw_runtime_error(R"(exec: "/x": permission denied)"), ProgramError);
  try {
    throw_runtime_error("mount /proc: permission denied");
  } catch (const ProgramError&) {
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "mount /proc: permission denied");
  }
}

}  // namespace
}  // namespace gocker
