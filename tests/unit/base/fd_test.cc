#include "runtime/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime/base/error.h"

namespace gocker {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

Fd open_null() {
  return Fd(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open"));
}

TEST(Fd, ClosesOnDestruction) {
  int number = -1;
  {
    const Fd fd = open_null();
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, ClosingKeepsErrno) {
  Fd invalid(987654);  // close(2) fails
  errno = ENOTDIR;
  invalid.reset();
  EXPECT_EQ(errno, ENOTDIR);
}

TEST(Fd, MovesAndReleases) {
  Fd first = open_null();
  const int number = first.get();
  Fd second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  Fd third = open_null();
  const int replaced = third.get();
  third = std::move(second);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_EQ(third.release(), number);
  EXPECT_FALSE(third);
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(Fd, ZeroIsADescriptor) {
  const int kept = ::dup(STDIN_FILENO);
  {
    const Fd fd(STDIN_FILENO);
    EXPECT_TRUE(fd);
  }
  EXPECT_FALSE(is_open(STDIN_FILENO));
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
}

TEST(Fd, DuplicateIsCloseOnExecAndNoStandardStream) {
  const Fd fd = open_null();
  const Fd copy = fd.duplicate();
  EXPECT_NE(copy.get(), fd.get());
  EXPECT_GE(copy.get(), 3);
  EXPECT_EQ(::fcntl(copy.get(), F_GETFD), FD_CLOEXEC);
}

// The calls that touch every descriptor run in a child: the test program needs its own.
template <class Body>
bool holds_in_child(Body body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  return ::waitpid(pid, &status, 0) == pid && status == 0;
}

TEST(OpenStandardStreams, FillsWhatIsClosed) {
  EXPECT_TRUE(holds_in_child([] {
    for (const int stream : {0, 2}) ::close(stream);
    open_standard_streams();
    const Fd next = open_null();
    struct stat null {};
    struct stat stream {};
    return ::fstat(next.get(), &null) == 0 && next.get() > 2 && ::fstat(0, &stream) == 0 &&
           stream.st_rdev == null.st_rdev && ::fstat(2, &stream) == 0 &&
           stream.st_rdev == null.st_rdev && ::fcntl(2, F_GETFD) == 0;
  }));
}

TEST(OpenStandardStreams, LeavesWhatIsOpen) {
  EXPECT_TRUE(holds_in_child([] {
    const Fd other = open_null();
    open_standard_streams();
    const Fd next = open_null();
    return next.get() == other.get() + 1;
  }));
}

TEST(ClearCloexec, KeepsTheDescriptorOverExecve) {
  const Fd fd = open_null();
  clear_cloexec(fd.get());
  EXPECT_EQ(::fcntl(fd.get(), F_GETFD), 0);
  EXPECT_THROW(clear_cloexec(987654), Error);
}

TEST(CloseAllFrom, KeepsWhatIsNamedInAnyOrder) {
  EXPECT_TRUE(holds_in_child([] {
    for (const int fd : {20, 21, 22, 23, 24}) ::dup2(STDIN_FILENO, fd);
    close_all_from(20, {24, 5, 21, 21, -1});
    return is_open(STDIN_FILENO) && !is_open(20) && is_open(21) && !is_open(22) && !is_open(23) &&
           is_open(24);
  }));
}

TEST(CloseAllFrom, ClosesEverythingWhereNothingIsKept) {
  EXPECT_TRUE(holds_in_child([] {
    for (const int fd : {20, 900}) ::dup2(STDIN_FILENO, fd);
    close_all_from(3);
    return is_open(2) && !is_open(20) && !is_open(900);
  }));
}

}  // namespace
}  // namespace gocker
