#include "runtime/cli/output.h"

#include <unistd.h>

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

}  // namespace gocker::cli
