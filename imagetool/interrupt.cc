#include "imagetool/interrupt.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace gocker {
namespace {

std::atomic<int> received{0};

void note_signal(int number) {
  received = number;
}

}  // namespace

Interrupted::Interrupted(int signal) : Error("interrupted"), signal_(signal) {}

InterruptWatch::InterruptWatch() {
  received = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptWatch::~InterruptWatch() {
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

void check_interrupt() {
  if (const int signal = received) throw Interrupted(signal);
}

void pause_for(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kStep{50};
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    check_interrupt();
    std::this_thread::sleep_for(std::min(kStep, time));
  }
}

}  // namespace gocker
