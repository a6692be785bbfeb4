#include "runtime/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

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
std::string logged(bool debug, const std::string& before = {}) {
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
    log(LogLevel::warning, "w");
    log(LogLevel::error, "e");
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  return read_file(path);
}

TEST(Log, WritesErrorsOnlyUnlessDebugging) {
  const std::string text = logged(false);
  EXPECT_EQ(text.rfind("{\"level\":\"error\",\"msg\":\"e\"", 0), 0u) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
}

TEST(Log, WritesAllLevelsWhenDebugging) {
  const std::string text = logged(true);
  const size_t debug = text.find("\"msg\":\"d\"");
  const size_t warning = text.find("\"msg\":\"w\"");
  const size_t error = text.find("\"msg\":\"e\"");
  EXPECT_LT(debug, warning);
  EXPECT_LT(warning, error);
  EXPECT_NE(error, std::string::npos);
}

TEST(Log, AppendsToWhatIsThere) {
  EXPECT_EQ(logged(false, "earlier\n").rfind("earlier\n{", 0), 0u);
}

}  // namespace
}  // namespace gocker
