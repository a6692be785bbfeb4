#include "runtime/base/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "runtime/base/error.h"

namespace gocker {
namespace {

TEST(Signals, NamesAndNumbers) {
  for (const char* text : {"15", "TERM", "SIGTERM", "term", "sigterm", "SigTerm"}) {
    EXPECT_EQ(parse_signal(text), SIGTERM) << text;
  }
  EXPECT_EQ(parse_signal("KILL"), SIGKILL);
  EXPECT_EQ(parse_signal("WINCH"), SIGWINCH);
  EXPECT_EQ(parse_signal("IO"), SIGIO);
  EXPECT_EQ(parse_signal("64"), 64);
}

TEST(Signals, RealTimeOnesCountFromBothEnds) {
  EXPECT_EQ(parse_signal("RTMIN"), SIGRTMIN);
  EXPECT_EQ(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(parse_signal("rtmax-1"), SIGRTMAX - 1);
}

TEST(Signals, AnythingElseIsAnError) {
  for (const char* text : {"", "0", "65", "-9", "9x", " 9", "SIG", "NOSUCH", "RTMIN-1", "RTMAX+1",
                           "RTMIN+", "RTMIN+99", "4294967305", "SIGSIGTERM"}) {
    EXPECT_THROW(parse_signal(text), Error) << text;
  }
}

}  // namespace
}  // namespace gocker
