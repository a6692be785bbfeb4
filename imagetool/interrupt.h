// SIGINT, SIGTERM and SIGHUP as an error, so that a long command can clear up what it has begun.
#pragma once

#include <array>
#include <chrono>
#include <csignal>

#include "runtime/base/error.h"

namespace gocker {

class Interrupted : public Error {
 public:
  explicit Interrupted(int signal);
  int signal() const { return signal_; }

 private:
  int signal_;
};

// While it lives, these signals do not end the process: check_interrupt() tells of them. One that
// was ignored before stays so. At most one at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  ~InterruptWatch();

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

// Throws Interrupted where one of the signals has come. For loops that wait or work for long.
void check_interrupt();

// Sleeps, but not through an interrupt.
void pause_for(std::chrono::milliseconds time);

}  // namespace gocker
