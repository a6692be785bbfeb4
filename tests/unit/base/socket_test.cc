#include "runtime/base/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

template <class Body>
int code_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(SocketPair, KeepsMessagesApart) {
  const auto [left, right] = socket_pair();
  send_packet(left, "one");
  send_packet(left, std::string("t\0o", 3));
  EXPECT_EQ(receive_packet(right)->bytes, "one");
  EXPECT_EQ(receive_packet(right)->bytes, std::string("t\0o", 3));
}

TEST(SocketPair, EndOfFileIsNoValue) {
  auto [left, right] = socket_pair();
  send_packet(left, "last");
  left.reset();
  EXPECT_EQ(receive_packet(right)->bytes, "last");
  EXPECT_FALSE(receive_packet(right));
}

TEST(SocketPair, AnEndWithUnreadMessagesIsNoValueEither) {
  auto [left, right] = socket_pair();
  send_packet(right, "never read");
  left.reset();
  EXPECT_FALSE(receive_packet(right));
}

TEST(SocketPair, SendingToNobodyIsAnErrorAndNoSignal) {
  auto [left, right] = socket_pair();
  right.reset();
  EXPECT_EQ(code_of([&, &socket = left] { send_packet(socket, "x"); }), EPIPE);
}

TEST(SocketPair, DescriptorsCross) {
  const auto [left, right] = socket_pair();
  const Fd sent = open_file("/etc", O_RDONLY | O_DIRECTORY);
  send_packet(left, "with", {sent.get(), STDIN_FILENO});
  const auto packet = receive_packet(right);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->bytes, "with");
  ASSERT_EQ(packet->fds.size(), 2u);
  EXPECT_EQ(real_path(descriptor_path(packet->fds[0])), "/etc");
  EXPECT_EQ(::fcntl(packet->fds[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST(SocketPair, AsManyDescriptorsAsTheKernelAllows) {
  const auto [left, right] = socket_pair();
  send_packet(left, "many", std::vector<int>(kMaxPacketFds, STDIN_FILENO));
  EXPECT_EQ(receive_packet(right)->fds.size(), kMaxPacketFds);
  const auto too_many = std::vector<int>(kMaxPacketFds + 1, STDIN_FILENO);
  EXPECT_THROW(send_packet(left, "x", too_many), Error);
}

TEST(SocketPair, AMessageThatIsTooLongIsNotCutShortInSilence) {
  const auto [left, right] = socket_pair();
  send_packet(left, std::string(16 << 10, 'x'));
  EXPECT_EQ(receive_packet(right)->bytes.size(), size_t{16 << 10});
  send_packet(left, std::string((16 << 10) + 1, 'x'));
  EXPECT_THROW(receive_packet(right), Error);
}

Fd listen_at(const std::string& folder, const std::string& name) {
  Fd socket(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  const Fd dir = open_directory(folder);
  const std::string path = descriptor_path(dir) + "/" + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  check(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  check(::listen(socket.get(), 1), "listen");
  return socket;
}

void expect_connects(const Fd& listener, const std::string& path) {
  const Fd client = connect_unix(path);
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(server);
  write_all(client, "hello", path);
  char text[5] = {};
  EXPECT_EQ(::read(server.get(), text, sizeof text), 5);
  EXPECT_EQ(std::string(text, 5), "hello");
}

TEST(ConnectUnix, ShortAndLongPaths) {
  const TempDir dir;
  expect_connects(listen_at(dir.path(), "s"), dir.path() + "/s");
  const std::string deep = dir.path() + "/" + std::string(200, 'd');
  make_directories(deep, 0700);
  expect_connects(listen_at(deep, "s"), deep + "/s");
}

TEST(ConnectUnix, SaysWhichPathFailed) {
  const TempDir dir;
  const std::string path = dir.path() + "/none";
  try {
    connect_unix(path);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "connect " + path + ": No such file or directory");
  }
  const std::string name(120, 'n');  // longer than sun_path by itself
  EXPECT_EQ(code_of([&] { connect_unix(dir.path() + "/" + name); }), ENAMETOOLONG);
}

}  // namespace
}  // namespace gocker
