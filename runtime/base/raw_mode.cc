#include "runtime/base/raw_mode.h"

#include "runtime/base/error.h"

namespace gocker {

RawMode::RawMode(int terminal) : terminal_(terminal) {
  termios now{};
  if (::tcgetattr(terminal_, &now) != 0) return;
  before_ = now;
  ::cfmakeraw(&now);
  check(::tcsetattr(terminal_, TCSADRAIN, &now), "set the terminal to raw mode");
}

RawMode::~RawMode() {
  if (before_) ::tcsetattr(terminal_, TCSADRAIN, &*before_);
}

}  // namespace gocker
