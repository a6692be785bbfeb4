#include "runtime/base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

struct Log {
  std::string path;
  LogFormat format = LogFormat::text;
  bool debug = false;
  bool strict = false;
  std::string held;  // lines to be written once the command has succeeded
  std::vector<Warning> warnings;
};

Log& the_log() {
  static Log log;
  return log;
}

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

// A log that can't be written must not fail the command.
void append(const std::string& path, std::string_view lines) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  [[maybe_unused]] const ssize_t written = ::write(file.get(), lines.data(), lines.size());
}

}  // namespace

void set_log(const std::string& path, LogFormat format, bool debug) {
  Log& log = the_log();
  log.format = format;
  log.debug = debug;
  log.path = path;
}

LogFormat log_format() {
  return the_log().format;
}

bool log_is_debugging() {
  return the_log().debug;
}

void log(LogLevel level, std::string_view message) {
  Log& log = the_log();
  if (log.path.empty() || (level != LogLevel::error && !log.debug)) return;
  const std::string line = format_log_line(log.format, level, message, rfc3339_now());
  if (level == LogLevel::error) {
    append(log.path, line);
  } else {
    log.held += line;
  }
}

void write_held_lines() {
  Log& log = the_log();
  if (!log.held.empty()) append(log.path, log.held);
  log.held.clear();
}

void warn(std::string_view json_path, std::string_view text) {
  Log& log = the_log();
  if (log.strict) {
    throw Error(std::string(json_path).append(": ").append(text).append(" (--strict)"));
  }
  log.warnings.push_back({std::string(json_path), std::string(text)});
  gocker::log(LogLevel::warning, std::string(json_path).append(": ").append(text));
}

void refuse_warnings() {
  the_log().strict = true;
}

bool warnings_are_refused() {
  return the_log().strict;
}

const std::vector<Warning>& warnings() {
  return the_log().warnings;
}

std::string format_log_line(LogFormat format, LogLevel level, std::string_view message,
                            std::string_view time) {
  const std::string quoted = json_quote(message);
  std::string line;
  if (format == LogFormat::json) {
    line.append("{\"level\":\"").append(name_of(level)).append("\",\"msg\":").append(quoted);
    line.append(",\"time\":\"").append(time).append("\"}\n");
  } else {
    line.append("time=\"").append(time).append("\" level=").append(name_of(level));
    line.append(" msg=").append(quoted).append("\n");
  }
  return line;
}

}  // namespace gocker
