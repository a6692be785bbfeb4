#include "runtime/linux/notify_socket.h"

#include <gtest/gtest.h>

namespace gocker {
namespace {

TEST(NotifySocket, WhatIsOfTheContainersOwnStays) {
  EXPECT_EQ(notable_lines("READY=1\nMAINPID=7\nSTATUS=up\nFDSTORE=1\nFDNAME=x\nBARRIER=1"),
            "READY=1\nSTATUS=up\n");
  EXPECT_EQ(notable_lines(""), "");
  EXPECT_EQ(notable_lines(std::string("NOTREADY=1\nREADY", 16)), "");
}

TEST(NotifySocket, ReadyIsOneAlone) {
  EXPECT_TRUE(tells_readiness("STATUS=x\nREADY=1\n"));
  EXPECT_FALSE(tells_readiness("READY=10\n"));
  EXPECT_FALSE(tells_readiness("STATUS=READY=1\n"));
}

}  // namespace
}  // namespace gocker
