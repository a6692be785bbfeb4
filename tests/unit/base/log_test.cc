#include "runtime/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr const char* kTime = "2026-11-22T18:56:51.123456789Z";

TEST(FormatLogLine, Json) {
  EXPECT_EQ(format_log_line(LogFormat::json, LogLevel::error, "mount \"/a\": no\n", kTime),
            "{\"level\":\"error\",\"msg\":\"mount \\\"/a\\\": no\\n\",\"time\":\"" +
                std::string(kTime) + "\"}\n");
}

TEST(FormatLogLine, Text) {
  EXPECT_EQ(format_log_line(LogFormat::text, LogLevel::warning, "a \"b\"", kTime),
            "time=\"" + std::string(kTime) + "\" level=warning msg=\"a \\\"b\\\"\"\n");
}

TEST(FormatLogLine, StaysOneLine) {
  for (const LogFormat format : {LogFormat::json, LogFormat::text}) {
    const std::string line = format_log_line(format, LogLevel::debug, "a\nb\r\nc\xFF", kTime);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
  }
}

// The log is the program's one global, so each case has a process of its own.
enum class End { success, failure };
std::string logged(bool debug, End end, const std::string& before = {}) {
  const TempDir dir;
  const std::string path = dir.path() + "/log";
  if (!before.empty()) {
    const Fd file = open_file(path, O_WRONLY | O_CREAT, 0600);
    write_all(file, before, path);
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    log(LogLevel::error, "before it is set");
    set_log(path, LogFormat::json, debug);
    log(LogLevel::debug, "d");
    warn("/a/b", "w");
    if (end == End::failure) log(LogLevel::error, "e");
    if (end == End::success) write_held_lines();
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  const Fd folder = open_directory(dir.path());
  return read_if_exists_at(folder, "log").value_or("");
}

TEST(Log, OfAFailureIsItsErrorAlone) {
  for (const bool debug : {false, true}) {
    const std::string text = logged(debug, End::failure);
    EXPECT_EQ(text.rfind("{\"level\":\"error\",\"msg\":\"e\"", 0), 0u) << text;
    EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  }
}

TEST(Log, OfASuccessHasAllLevelsWhenDebuggingAndNothingElse) {
  EXPECT_EQ(logged(false, End::success), "");
  const std::string text = logged(true, End::success);
  const size_t debug = text.find("\"msg\":\"d\"");
  const size_t warning = text.find("\"level\":\"warning\",\"msg\":\"/a/b: w\"");
  EXPECT_LT(debug, warning);
  EXPECT_NE(warning, std::string::npos) << text;
}

TEST(Log, AppendsToWhatIsThere) {
  EXPECT_EQ(logged(false, End::failure, "earlier\n").rfind("earlier\n{", 0), 0u);
}

TEST(Warnings, AreCollectedOrRefused) {
  warn("/a", "first");
  ASSERT_EQ(warnings().size(), 1u);
  EXPECT_EQ(warnings()[0].json_path, "/a");
  EXPECT_EQ(warnings()[0].text, "first");
  const pid_t pid = ::fork();
  if (pid == 0) {
    refuse_warnings();
    try {
      warn("/a/b", "no controller");
    } catch (const Error& error) {
      ::_exit(std::string(error.what()) == "/a/b: no controller (--strict)" ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace gocker
