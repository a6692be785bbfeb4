// The runtime under test: any program with runc's command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/system/program.h"

namespace gocker::test {

class Runtime {
 public:
  // State is kept below `root_directory` (--root).
  explicit Runtime(std::string root_directory) : root_(std::move(root_directory)) {}

  // $GOCKER_RUNTIME, or else the one that was built along with the tests; "" where there is none.
  static std::string path();
  // The first line of --version; asked once.
  static const std::string& version();
  // The one that this tree builds: its words and extensions are checked too.
  static bool is_gocker() { return version().starts_with("gocker-runtime "); }

  // Built with AddressSanitizer: larger and slower, with system calls of its own.
  static bool is_sanitized();

  const std::string& root() const { return root_; }
  // PATH --root ROOT ARGS...
  Program program(const std::vector<std::string>& args) const;
  Outcome call(const std::vector<std::string>& args) const { return run_program(program(args)); }

 private:
  std::string root_;
};

inline constexpr std::string_view kRunc = "runc version 1.1.5";

// Debian's runc has gaps that the specification does not: the test is skipped there and says why.
// Only after the text of the specification was read once more.
#define KNOWN_GAP(runtime_version, reason)                             \
  if (::gocker::test::Runtime::version().starts_with(runtime_version)) \
  GTEST_SKIP() << "known gap of " << ::gocker::test::Runtime::version() << ": " << (reason)

}  // namespace gocker::test
