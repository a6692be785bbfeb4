// Where the time of a command goes (--trace): the spans of Doing and Step, of the launcher and of
// the processes that it clones. They are kept in memory that all of these share, so that a child
// needs neither a file nor a message to tell of its own; trace_file.h writes them. A span costs one
// comparison where nobody asked for a trace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gocker {

struct TraceEvent {
  uint64_t begin = 0;  // nanoseconds of CLOCK_MONOTONIC
  uint64_t end = 0;
  const char* action = nullptr;  // a literal: children share the program
  char object[64] = {};          // the beginning of it, zero-terminated
  uint32_t process = 0;          // 0: the launcher
};

extern constinit bool trace_is_on;

// Makes room for the events of this process and of all that it clones from now on.
void start_trace();
// In a child, before its first span: its events are told apart by this number.
void set_traced_process(uint32_t number);

uint64_t trace_clock();
void record_span(uint64_t begin, const char* action, std::string_view object) noexcept;
// All so far, in the order of their ends. Those that found no room are left out.
std::span<const TraceEvent> traced_events();

// A step that a trace tells of and no error does.
class Step {
 public:
  explicit Step(const char* action) : action_(action), begin_(trace_is_on ? trace_clock() : 0) {}
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step() {
    if (begin_ != 0) record_span(begin_, action_, {});
  }

 private:
  const char* action_;
  uint64_t begin_;
};

}  // namespace gocker
