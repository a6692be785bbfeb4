// A terminal in raw mode: what is typed goes to a program on another terminal as it is.
#pragma once

#include <termios.h>

#include <optional>

namespace gocker {

// The caller's terminal in raw mode, as it was again on destruction. Does nothing where the
// descriptor is no terminal. The caller keeps SIGTTOU blocked (see foreground_signals.h): a
// background job would be stopped here otherwise.
class RawMode {
 public:
  explicit RawMode(int terminal);
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode();

 private:
  int terminal_;
  std::optional<termios> before_;
};

}  // namespace gocker
