// The log that engines read (--log, --log-format). The one global of the program.
//
// A failed command writes exactly one line of level error: podman parses the whole file as one
// JSON object, containerd takes its last error (see docs/engines.md).
#pragma once

#include <string>
#include <string_view>

namespace gocker {

enum class LogFormat { text, json };
enum class LogLevel { debug, warning, error };

// Where the log is: a file to append to, made when there is something to say. `debug` lets the
// levels debug and warning through. Nothing is logged where this was not called.
void set_log(const std::string& path, LogFormat format, bool debug);
LogFormat log_format();

void log(LogLevel level, std::string_view message);

// "time=... level=error msg=..." or {"level":"error","msg":"...","time":"..."}, newline included.
std::string format_log_line(LogFormat format, LogLevel level, std::string_view message,
                            std::string_view time);

}  // namespace gocker
