#include "runtime/launch/protocol.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/launch/seccomp_message.h"

namespace gocker {
namespace {

struct Ends {
  Ends() : Ends(socket_pair()) {}
  explicit Ends(std::pair<Fd, Fd> pair)
      : ours(std::move(pair.first)), theirs(std::move(pair.second)) {}
  SyncSocket ours;
  SyncSocket theirs;
};

TEST(Protocol, MessagesArriveInOrderWithTheirDescriptors) {
  const Ends ends;
  const Fd file = open_file("/etc/passwd", O_RDONLY);
  ends.theirs.send(MessageKind::kNamespacesReady, {file.get()});
  ends.theirs.send(MessageKind::kReady);
  EXPECT_EQ(ends.ours.expect(MessageKind::kNamespacesReady).fds.size(), 1U);
  EXPECT_TRUE(ends.ours.expect(MessageKind::kReady).fds.empty());
}

TEST(Protocol, AFailureIsThrownWithItsTextWhateverWasExpected) {
  const Ends ends;
  ends.theirs.send_failure(EPERM, "mount /proc: no");
  const Doing doing("create container", "c1");
  try {
    ends.ours.expect(MessageKind::kReady);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "create container c1: mount /proc: no");
    EXPECT_EQ(error.code(), EPERM);
  }
}

TEST(Protocol, AnEndlessTextIsCut) {
  const Ends ends;
  ends.theirs.send_failure(0, std::string(1 << 20, 'x'));
  EXPECT_THROW(ends.ours.receive(), Error);
}

TEST(Protocol, ADeadPeerAndAWrongMessageAreErrors) {
  auto [ours, theirs] = socket_pair();
  const SyncSocket socket(std::move(ours));
  SyncSocket(std::move(theirs)).send(MessageKind::kReady);
  EXPECT_THROW(socket.expect(MessageKind::kProceed), Error);
  EXPECT_THROW(socket.receive(), Error);
  ::signal(SIGPIPE, SIG_IGN);
  socket.send_failure(0, "nobody listens");
  ::signal(SIGPIPE, SIG_DFL);
}

TEST(Protocol, TheLastWordsOfADeadPeerAreHeard) {
  auto [ours, theirs] = socket_pair();
  const SyncSocket socket(std::move(ours));
  socket.send(MessageKind::kProceed);  // which it never reads
  SyncSocket(std::move(theirs)).send_failure(ENODEV, "mount /x: no such filesystem");
  try {
    socket.send(MessageKind::kProceed);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "mount /x: no such filesystem");
  }
}

TEST(Protocol, ASeccompProgramKeepsItsFlags) {
  const Ends ends;
  SeccompProgram program;
  program.bpf = open_file("/etc/passwd", O_RDONLY);
  program.flags = 6;
  program.notify = true;
  send_seccomp(ends.ours, program);
  const SeccompProgram received = unpack_seccomp(ends.theirs.expect(MessageKind::kProceed));
  EXPECT_EQ(received.flags, 6U);
  EXPECT_TRUE(received.notify);
  EXPECT_TRUE(received.bpf);
}

}  // namespace
}  // namespace gocker
