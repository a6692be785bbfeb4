#include "imagetool/cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace gocker::cli {

void print(std::string_view text) {
  Fd out(STDOUT_FILENO);
  try {
    write_all(out, text, "stdout");
  } catch (...) {
    out.release();
    throw;
  }
  out.release();  // it is the process's, not ours
}

void print_error(std::string_view message) {
  std::string line = std::string(program_invocation_short_name).append(": ").append(message);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  line.push_back('\n');
  const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(written);  // nobody is left to be told
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace gocker::cli
