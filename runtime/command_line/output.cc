#include "runtime/command_line/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/error.h"

namespace gocker::cli {

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    text.remove_prefix(static_cast<size_t>(check(written, "write to standard output")));
  }
}

void print_error(std::string_view message) {
  std::string line = std::string(program_invocation_short_name).append(": ").append(message);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  line.push_back('\n');
  const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(written);  // nobody is left to be told
}

Format table_or_json(const Arguments& arguments) {
  const std::string format = arguments.value("format", "table");
  if (format == "json") return Format::json;
  if (format == "table") return Format::table;
  throw UsageError("--format: \"" + format + "\" is neither table nor json");
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      text.append(row[i]).append(widths[i] + 2 - row[i].size(), ' ');
    }
    text.append(row.back()).append("\n");
  }
  return text;
}

}  // namespace gocker::cli
