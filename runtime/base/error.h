// Errors with the chain of what was being done when they happened.
//
//   Doing doing("mount", mount.destination);
//   check(::move_mount(...), "move_mount");
//
// throws an Error whose text is "mount /proc: move_mount: Operation not permitted". On success a
// Doing costs few writes to the stack; the chain is collected once, when an Error is made, so it
// also crosses a clone3 without copying anything.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "runtime/base/trace.h"

namespace gocker {

// What the current thread is doing, as a linked list on the stack. Words are lower case, present
// tense, without a full stop.
class Doing {
 public:
  // Both texts must outlive the object: pass literals and names of living strings.
  explicit Doing(const char* action, std::string_view object = {})
      : action_(action),
        object_(object),
        outer_(innermost_),
        begin_(trace_is_on ? trace_clock() : 0) {
    innermost_ = this;
  }
  Doing(const char* action, const char* object) : Doing(action, std::string_view(object)) {}
  Doing(const char* action, std::string&& object) = delete;  // would dangle
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;
  ~Doing() {
    innermost_ = outer_;
    if (begin_ != 0) record_span(begin_, action_, object_);
  }

  // "create container c1: mount /proc: ", outermost first; empty when nothing is being done.
  static std::string chain();

  // In a child process: what its parent was doing is not what it does.
  static void start_anew() { innermost_ = nullptr; }

 private:
  const char* action_;
  std::string_view object_;
  Doing* outer_;
  uint64_t begin_;  // for a trace; 0 without one
  static constinit thread_local Doing* innermost_;
};

// One failure, told in one line: control characters in what it names are escaped. `code` is the
// errno that caused it, 0 where none did.
class Error : public std::exception {
 public:
  // Prefixes `reason` with the current chain of Doing.
  explicit Error(std::string_view reason, int code = 0);
  // A text that is complete already, such as one received from another process.
  static Error from_text(std::string text, int code);

  const char* what() const noexcept override { return text_.c_str(); }
  int code() const noexcept { return code_; }

 private:
  Error() = default;
  std::string text_;
  int code_ = 0;
};

// "No such file or directory" for ENOENT, thread-safe.
std::string errno_text(int code);

// Throws Error("CALL ARGUMENT: <text of errno>").
[[noreturn]] void throw_errno(const char* call, std::string_view argument = {});
[[noreturn]] void throw_errno_value(int code, const char* call, std::string_view argument = {});

// Passes the result of a system call through and throws where it is -1.
template <class Result>
Result check(Result result, const char* call, std::string_view argument = {}) {
  if (result == static_cast<Result>(-1)) throw_errno(call, argument);
  return result;
}

}  // namespace gocker
