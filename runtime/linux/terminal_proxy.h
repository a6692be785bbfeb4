// The terminal of a foreground `run`: the caller's stdin and stdout on one side, the controller of
// the container's pty on the other.
#pragma once

#include <poll.h>

#include <array>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/raw_mode.h"

namespace gocker {

// Copies in both directions, driven by the loop of foreground.h. The caller's stdin and stdout keep
// their file status flags: other processes share them. Either may be closed, a pipe or a file: at
// its end a stdin types the container's end-of-file character; where stdout is gone, the
// controller is closed, which the container's processes see as a hang-up.
class TerminalProxy {
 public:
  // Sets the caller's terminal to raw mode and gives its size to the pty.
  explicit TerminalProxy(Fd controller);

  // What to poll for, and how long at most: a pty that all processes have closed is looked at again
  // after a while, as one may open it anew by name.
  using PollSet = std::array<pollfd, 2>;
  PollSet poll_set() const;
  int timeout_milliseconds() const;
  void serve(const PollSet& polled);

  // The caller's terminal has another size now (SIGWINCH).
  void resize();
  // After the process's end: what it wrote and nobody has read yet.
  void drain();

 private:
  void read_input();
  void end_input();
  void write_pending();
  bool copy_output();

  Fd controller_;
  RawMode raw_mode_;
  std::string pending_;  // read from stdin, not yet taken by the pty
  bool input_ended_ = false;
  bool at_line_start_ = true;
  bool hung_up_ = false;
};

}  // namespace gocker
