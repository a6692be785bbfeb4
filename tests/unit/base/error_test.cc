#include "runtime/base/error.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace gocker {
namespace {

TEST(Doing, ChainIsOutermostFirst) {
  const Doing create("create container", "c1");
  const Doing mount("mount", "/proc");
  const Doing plain("fsmount");
  EXPECT_EQ(Doing::chain(), "create container c1: mount /proc: fsmount: ");
}

TEST(Doing, EndsWithItsScope) {
  { const Doing inner("mount", "/proc"); }
  EXPECT_EQ(Doing::chain(), "");
}

TEST(Doing, LeavesTheChainWhenAnErrorPasses) {
  try {
    const Doing inner("mount", "/proc");
    throw Error("refused");
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "mount /proc: refused");
  }
  EXPECT_EQ(Doing::chain(), "");
}

TEST(Error, KeepsTheChainOfTheMomentItWasMade) {
  const Doing outer("create container", "c1");
  Error error = [] {
    const Doing inner("mount", "/proc");
    return Error("fsmount: Operation not permitted", EPERM);
  }();
  EXPECT_STREQ(error.what(), "create container c1: mount /proc: fsmount: Operation not permitted");
  EXPECT_EQ(error.code(), EPERM);
}

TEST(Error, IsOneLineWhateverItNames) {
  const Doing doing("look up user", "a\nb\x1b[2J\x7f");
  EXPECT_STREQ(Error("no such user").what(), R"(look up user a\nb\x1b[2J\x7f: no such user)");
  EXPECT_STREQ(Error::from_text("a\tb", 0).what(), R"(a\x09b)");
}

TEST(Error, FromTextAddsNoChain) {
  const Doing outer("create container", "c1");
  const Error error = Error::from_text("mount /proc: refused", ENODEV);
  EXPECT_STREQ(error.what(), "mount /proc: refused");
  EXPECT_EQ(error.code(), ENODEV);
}

TEST(Check, PassesAResultThrough) {
  EXPECT_EQ(check(7, "call"), 7);
  EXPECT_EQ(check(0L, "call"), 0L);
}

TEST(Check, ThrowsWithCallArgumentAndErrno) {
  try {
    check(::open("/does/not/exist", O_RDONLY), "open", "/does/not/exist");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "open /does/not/exist: No such file or directory");
    EXPECT_EQ(error.code(), ENOENT);
  }
}

TEST(Check, KnowsMinusOneOfEveryWidth) {
  errno = EBADF;
  EXPECT_THROW(check(ssize_t{-1}, "read"), Error);
  EXPECT_THROW(check(static_cast<unsigned long>(-1), "call"), Error);
}

TEST(ErrnoText, IsTheUsualOne) {
  EXPECT_EQ(errno_text(ENOENT), "No such file or directory");
  EXPECT_FALSE(errno_text(99999).empty());
}

}  // namespace
}  // namespace gocker
