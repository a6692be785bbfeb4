// The command line and the log that engines read.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class CommandLine : public SystemTest {
 protected:
  std::string log_path() const { return path("log"); }
  std::string log() const {
    std::ifstream file(log_path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // A call with the log's options in front of the command.
  Outcome call_with_log(const Words& options, Program program) const {
    // PATH --root ROOT comes first.
    Words words = {"--log", log_path()};
    words.insert(words.end(), options.begin(), options.end());
    program.args.insert(program.args.begin() + 3, words.begin(), words.end());
    return run_program(program);
  }
};

TEST_F(CommandLine, VersionsFirstLineHasTheNameAndTheVersion) {
  const Outcome outcome = run_program({.args = {Runtime::path(), "--version"}});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err, "");
  const std::string line = outcome.out.substr(0, outcome.out.find('\n'));
  const std::string name = std::filesystem::path(Runtime::path()).filename();
  EXPECT_TRUE(line.starts_with(name + " version ")) << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), ' '), 2);
  EXPECT_NE(outcome.out.find("\nspec: "), std::string::npos) << outcome.out;
}

TEST_F(CommandLine, FailedCreateWritesOneJsonLineToTheLog) {
  box.config().set("/process/args", Words{"/no/such/program"});
  const Outcome outcome = call_with_log({"--log-format", "json"}, box.program("create"));
  EXPECT_TRUE(fails_with(outcome, "/no/such/program"));
  const std::string text = log();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  const Value entry = Value::parse(text);
  EXPECT_EQ(entry["/level"], "error");
  EXPECT_NE(entry["/msg"].text().find("/no/such/program"), std::string::npos) << entry;
  EXPECT_EQ(entry["/time"].text().substr(10, 1), "T") << entry;
  EXPECT_EQ(entry["/time"].text().substr(4, 1), "-") << entry;
}

TEST_F(CommandLine, TraceHasTheStepsOfTheLauncherAndOfInit) {
  if (!Runtime::is_gocker()) GTEST_SKIP() << "an extension of gocker-runtime";
  box.config().set("/process/args", Words{"/inside", "report"});
  Program program = box.program("run");
  const Words options = {"--trace", path("trace.json")};
  program.args.insert(program.args.begin() + 3, options.begin(), options.end());
  program.env.push_back("TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  ASSERT_TRUE(succeeds(run_program(program)));
  std::ifstream file(path("trace.json"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Value events = Value::parse(text);
  EXPECT_EQ(events["/0/name"], "process_name");
  EXPECT_EQ(events["/0/args/trace_id"], "0af7651916cd43dd8448eb211c80319c");
  for (const char* step : {"\"clone\"", "mount /proc", "become the user", "delete container"}) {
    EXPECT_NE(text.find(step), std::string::npos) << step << " is not in\n" << text;
  }
}

TEST_F(CommandLine, LogIsTextByDefault) {
  const Outcome outcome = call_with_log({}, runtime.program({"state", "nobody"}));
  EXPECT_TRUE(fails_with(outcome, "does not exist"));
  const std::string text = log();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_NE(text.find("level=error"), std::string::npos) << text;
  EXPECT_NE(text.find("does not exist"), std::string::npos) << text;
}

TEST_F(CommandLine, SuccessWritesNothingToTheLog) {
  box.bundle.set_command({"exit", "0"});
  EXPECT_TRUE(succeeds(call_with_log({"--log-format=json"}, box.program("create"))));
  EXPECT_TRUE(succeeds(call_with_log({"--log-format=json"}, runtime.program({"start", box.id()}))));
  EXPECT_EQ(log(), "");
}

TEST_F(CommandLine, SuccessWritesNothingToTheStandardError) {
  box.bundle.set_command({"exit", "0"});
  EXPECT_EQ(box.create().err, "");
  EXPECT_EQ(box.start().err, "");
  EXPECT_TRUE(box.wait_for_status("stopped"));
  const Outcome removed = box.remove();
  EXPECT_EQ(removed.err + removed.out, "");
}

TEST_F(CommandLine, LogIsAppendedTo) {
  call_with_log({"--log-format", "json"}, runtime.program({"state", "nobody"}));
  call_with_log({"--log-format", "json"}, runtime.program({"state", "nobody"}));
  const std::string text = log();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
}

TEST_F(CommandLine, ErrorsGoToTheStandardErrorToo) {
  const Outcome outcome =
      call_with_log({"--log-format", "json"}, runtime.program({"state", "nobody"}));
  EXPECT_NE(outcome.err.find("does not exist"), std::string::npos) << outcome;
}

// A failure inside the container, by another process, is told in the same one line.
TEST_F(CommandLine, FailureInsideIsOneLineToo) {
  box.bundle.add_mount("/volume", "nonsense", "none", {});
  const Outcome outcome = call_with_log({"--log-format", "json"}, box.program("run"));
  EXPECT_TRUE(fails_with(outcome, "/volume"));
  const std::string text = log();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_EQ(Value::parse(text)["/level"], "error");
}

TEST_F(CommandLine, UnknownCommandIsAnError) {
  const Outcome outcome = runtime.call({"nonsense"});
  EXPECT_NE(outcome.code, 0);
  if (Runtime::is_gocker()) {
    EXPECT_TRUE(fails_with(outcome, "nonsense"));
  }
}

TEST_F(CommandLine, UnknownOptionIsAnError) {
  box.bundle.write_config();
  for (const Words& args : {Words{"create", "--nonsense", box.id()}, Words{"--nonsense", "list"},
                            Words{"state", "--nonsense", box.id()}}) {
    const Outcome outcome = runtime.call(args);
    EXPECT_NE(outcome.code, 0);
    EXPECT_NE((outcome.err + outcome.out).find("nonsense"), std::string::npos) << outcome;
  }
}

TEST_F(CommandLine, BadLogFormatIsAnError) {
  const Outcome outcome = call_with_log({"--log-format", "xml"}, runtime.program({"list"}));
  EXPECT_TRUE(fails_with(outcome, "log-format.*xml"));
}

// conmon-rs repeats them.
TEST_F(CommandLine, GlobalOptionsMayBeRepeatedAndTheLastCounts) {
  const Outcome outcome =
      run_program({.args = {Runtime::path(), "--root", path("elsewhere"),
                            "--root=" + runtime.root(), "--debug", "list", "--quiet"}});
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_FALSE(std::filesystem::exists(path("elsewhere")));
}

TEST_F(CommandLine, OptionsMayBeJoinedOrApart) {
  box.bundle.set_command({"exit", "0"});
  box.bundle.write_config();
  for (const Words& options :
       {Words{"--bundle=" + box.bundle.path()}, Words{"--bundle", box.bundle.path()},
        Words{"-b", box.bundle.path()}}) {
    Words args = {"run"};
    args.insert(args.end(), options.begin(), options.end());
    args.push_back(box.id());
    EXPECT_TRUE(succeeds(runtime.call(args)));
  }
}

TEST_F(CommandLine, StateDirectoryIsClosedToOthers) {
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create()));
  const auto mode = std::filesystem::status(runtime.root()).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);
}

TEST_F(CommandLine, SpecWritesAConfigurationThatRuns) {
  Program program = runtime.program({"spec"});
  std::filesystem::create_directory(path("new"));
  program.directory = path("new");
  ASSERT_TRUE(succeeds(run_program(program)));
  std::ifstream file(path("new/config.json"));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  box.config() = Value::parse(text);
  EXPECT_NE(box.config()["/ociVersion"].text(), "");
  EXPECT_EQ(box.config()["/root/path"], "rootfs");
  EXPECT_EQ(box.config()["/process/terminal"], true);
  box.config().set("/process/terminal", false);
  box.config().set("/linux/cgroupsPath", box.cgroups_path());
  const Value report = box.report();
  EXPECT_EQ(report["/pid"], 1);
  EXPECT_EQ(mount_at(report, "/dev/mqueue")["/type"], "mqueue");
  EXPECT_FALSE(mount_at(report, "/sys/fs/cgroup").is_null());
  EXPECT_TRUE(has_option(mount_at(report, "/"), "ro"));
}

TEST_F(CommandLine, SpecTakesABundleAndOverwritesNothing) {
  ASSERT_TRUE(succeeds(runtime.call({"spec", "--bundle", box.bundle.path()})));
  EXPECT_TRUE(std::filesystem::exists(box.bundle.path() + "/config.json"));
  EXPECT_TRUE(fails_with(runtime.call({"spec", "--bundle", box.bundle.path()}), "config.json"));
}

TEST_F(CommandLine, HelpSucceeds) {
  EXPECT_TRUE(succeeds(runtime.call({"--help"})));
  EXPECT_TRUE(succeeds(runtime.call({"create", "--help"})));
}

// Engines call with next to no environment.
TEST_F(CommandLine, WorksWithoutAnEnvironment) {
  Program program = box.program("run");
  program.env = {};
  EXPECT_TRUE(succeeds(run_program(program)));
}

}  // namespace
}  // namespace gocker::test
