// The log that engines read (--log, --log-format). The one global of the program.
//
// A failed command writes exactly one line of level error: podman parses the whole file as one
// JSON object, containerd takes its last error (see docs/engines.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gocker {

enum class LogFormat { text, json };
enum class LogLevel { debug, warning, error };

// Where the log is: a file to append to, made when there is something to say. `debug` lets the
// levels debug and warning through. Nothing is logged where this was not called.
void set_log(const std::string& path, LogFormat format, bool debug);
LogFormat log_format();
bool log_is_debugging();

// Errors are written at once. The other levels are held back until the command has succeeded, so
// that a failure writes one line and nothing else.
void log(LogLevel level, std::string_view message);
void write_held_lines();

// What a configuration asks for and does not get here, by its JSON path ("/process/capabilities").
// To be called by the launcher: what init has to say is lost. An Error where warnings are refused
// (--strict).
struct Warning {
  std::string json_path;
  std::string text;
};
void warn(std::string_view json_path, std::string_view text);
void refuse_warnings();
bool warnings_are_refused();
const std::vector<Warning>& warnings();  // so far

// "time=... level=error msg=..." or {"level":"error","msg":"...","time":"..."}, newline included.
std::string format_log_line(LogFormat format, LogLevel level, std::string_view message,
                            std::string_view time);

}  // namespace gocker
