#include "runtime/base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

struct Log {
  std::string path;
  LogFormat format = LogFormat::text;
  bool debug = false;
};

constinit Log the_log;

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

}  // namespace

void set_log(const std::string& path, LogFormat format, bool debug) {
  Log& log = the_log;
  log.format = format;
  log.debug = debug;
  log.path = path;
}

LogFormat log_format() {
  return the_log.format;
}

void log(LogLevel level, std::string_view message) {
  const Log& log = the_log;
  if (log.path.empty() || (level != LogLevel::error && !log.debug)) return;
  const std::string line = format_log_line(log.format, level, message, rfc3339_now());
  // A log that can't be written must not fail the command.
  const Fd file(::open(log.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  [[maybe_unused]] const ssize_t written = ::write(file.get(), line.data(), line.size());
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
