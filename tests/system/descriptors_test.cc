// What the process has open: 0, 1, 2 and what was asked for (runtime-linux.md, "File descriptors").
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Descriptors : public SystemTest {
 protected:
  // Files with their own names as content, opened.
  std::vector<Fd> open_files(size_t count) {
    std::vector<Fd> files;
    for (size_t i = 0; i < count; ++i) {
      const std::string name = path("file" + std::to_string(i));
      std::ofstream(name) << "file" << i;
      files.emplace_back(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    }
    return files;
  }
  Value report_with(const std::vector<Fd>& files, const Words& options, const Words& shell = {}) {
    box.bundle.set_command({"report"});
    Program program = box.program("run", options);
    for (const Fd& file : files) program.more_fds.push_back(file.get());
    program.args.insert(program.args.begin(), shell.begin(), shell.end());
    const Outcome outcome = run_program(program);
    EXPECT_TRUE(succeeds(outcome));
    return outcome ? Value::parse(outcome.out) : Value();
  }
};

// What comes before a program so that it gets descriptors as sd_listen_fds(3) describes.
Words listening(const std::string& count) {
  return {"/bin/sh", "-c", "export LISTEN_PID=$$ LISTEN_FDS=" + count + "; exec \"$@\"", "sh"};
}

TEST_F(Descriptors, AreTheStandardStreamsOnly) {
  EXPECT_EQ(descriptors(box.report()), (std::vector<int>{0, 1, 2}));
}

TEST_F(Descriptors, AreTheStandardStreamsOnlyAfterCreateAndStart) {
  const Fd output(::open(path("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  box.bundle.set_command({"report"});
  Program program = box.program("create");
  program.output = output.get();
  ASSERT_TRUE(succeeds(run_program(program)));
  ASSERT_TRUE(succeeds(box.start()));
  ASSERT_TRUE(box.wait_for_status("stopped"));
  std::ifstream file(path("out"));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(descriptors(Value::parse(text)), (std::vector<int>{0, 1, 2}));
}

// CVE-2024-21626: an engine's leak must not become the container's.
TEST_F(Descriptors, OfTheCallerAreNotHandedOn) {
  const std::vector<Fd> files = open_files(5);
  EXPECT_EQ(descriptors(report_with(files, {})), (std::vector<int>{0, 1, 2}));
}

TEST_F(Descriptors, PreservedOnesAreHandedOn) {
  const std::vector<Fd> files = open_files(3);
  const Value report = report_with(files, {"--preserve-fds", "2"});
  EXPECT_EQ(descriptors(report), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(report["/fds/3/target"].text().ends_with("file0")) << report["/fds"];
  EXPECT_TRUE(report["/fds/4/target"].text().ends_with("file1")) << report["/fds"];
}

TEST_F(Descriptors, PreservedOneThatIsClosedIsAnError) {
  KNOWN_GAP(kRunc, "it hands on whatever it has open there itself");
  const std::vector<Fd> files = open_files(1);
  Program program = box.program("run", {"--preserve-fds", "3"});
  program.more_fds.push_back(files[0].get());
  EXPECT_TRUE(fails_with(run_program(program), "preserve"));
}

TEST_F(Descriptors, PreservedNumberMustBeANumber) {
  for (const char* number : {"x", "99999999999", "1.5"}) {
    const Outcome outcome = box.run({"--preserve-fds=" + std::string(number)});
    EXPECT_NE(outcome.code, 0) << number;
  }
}

// As for socket activation: sd_listen_fds(3).
TEST_F(Descriptors, ListenFdsAreHandedOnAndAnnounced) {
  const std::vector<Fd> files = open_files(2);
  const Value report = report_with(files, {}, listening("2"));
  EXPECT_EQ(descriptors(report), (std::vector<int>{0, 1, 2, 3, 4}));
  const Words env = report["/env"].texts();
  EXPECT_NE(std::find(env.begin(), env.end(), "LISTEN_FDS=2"), env.end());
  EXPECT_NE(std::find(env.begin(), env.end(), "LISTEN_PID=1"), env.end());
}

TEST_F(Descriptors, ListenFdsComeBeforePreservedOnes) {
  const std::vector<Fd> files = open_files(4);
  const Value report = report_with(files, {"--preserve-fds", "1"}, listening("2"));
  EXPECT_EQ(descriptors(report), (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST_F(Descriptors, ListenFdsOfAnotherProcessAreNotOurs) {
  const std::vector<Fd> files = open_files(2);
  const Value report = report_with(
      files, {}, {"/bin/sh", "-c", "export LISTEN_PID=1 LISTEN_FDS=2; exec \"$@\"", "sh"});
  EXPECT_EQ(descriptors(report), (std::vector<int>{0, 1, 2}));
}

TEST_F(Descriptors, NothingIsAnnouncedWithoutListenFds) {
  for (const std::string& variable : box.report()["/env"].texts()) {
    EXPECT_FALSE(variable.starts_with("LISTEN_")) << variable;
  }
}

// stdin, stdout and stderr may be closed where a daemon calls.
TEST_F(Descriptors, ClosedStandardStreamsOfTheCallerAreNoProblem) {
  KNOWN_GAP(kRunc, "Go's runtime opens /dev/null in their place, which it then hands on");
  box.bundle.set_command({"exit", "3"});
  Program program = box.program("run");
  program.args.insert(program.args.begin(), {"/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"});
  EXPECT_EQ(run_program(program).code, 3);
}

}  // namespace
}  // namespace gocker::test
