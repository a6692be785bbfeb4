// Failures of the runtime, told apart by the exit codes that people know from docker run(1).
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace gocker {

// The container did not come to be, or the runtime failed otherwise.
inline constexpr int kNotRun = 125;

// The container's program cannot be executed: exit code 127 where there is no such program, 126
// where there is but may not or cannot be executed.
class ProgramError : public Error {
 public:
  ProgramError(std::string_view reason, int exit_code) : Error(reason), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// 127, 126 or kNotRun, by the words of the runtime's error. runc, crun and gocker-runtime all say
// `exec: "PROGRAM": REASON` or `executable file ... not found`, and engines rely on it.
int exit_code_of_failure(std::string_view words);

// The last error in what a runtime wrote to its --log with --log-format json; empty where it wrote
// none.
std::string last_error_in(std::string_view log);

// Throws an Error with the runtime's words, a ProgramError where they are about the program.
[[noreturn]] void throw_runtime_error(std::string_view words);

}  // namespace gocker
