#include "runtime/base/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr size_t kMaxPacket = 16 << 10;

std::vector<Fd> received_fds(msghdr& message) {
  std::vector<Fd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

std::pair<Fd, Fd> socket_pair() {
  std::array<int, 2> ends;
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
  return {Fd(ends[0]), Fd(ends[1])};
}

void send_packet(const Fd& socket, std::string_view bytes, const std::vector<int>& fds) {
  if (fds.size() > kMaxPacketFds) throw Error("send: too many file descriptors");
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t sent;
  do {
    sent = ::sendmsg(socket.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  check(sent, "sendmsg");
}

std::optional<Packet> receive_packet(const Fd& socket) {
  Packet packet;
  // Neither zeroed nor on the stack, whose growth is probed page by page: most packets have one
  // byte, and each page that is touched costs a fault.
  const auto bytes = std::make_unique_for_overwrite<char[]>(kMaxPacket);
  iovec data{bytes.get(), kMaxPacket};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxPacketFds * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got;
  bool reset = false;  // it died with unread messages of ours; its own last ones are still there
  do {
    got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && (errno == EINTR || (errno == ECONNRESET && !std::exchange(reset, true))));
  check(got, "recvmsg");
  packet.fds = received_fds(message);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) throw Error("recvmsg: cut short");
  if (got == 0 && packet.fds.empty()) return std::nullopt;
  packet.bytes.assign(bytes.get(), static_cast<size_t>(got));
  return packet;
}

Fd connect_unix(const std::string& path, SocketKind kind) {
  const int type = kind == SocketKind::stream ? SOCK_STREAM : SOCK_SEQPACKET;
  Fd socket(check(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Fd parent;
  std::string name = path;
  if (path.size() >= sizeof address.sun_path) {  // go through the folder's descriptor
    const SplitPath parts = split_path(path);
    parent = open_directory(std::string(parts.parent.empty() ? "." : parts.parent));
    name = descriptor_path(parent).append("/").append(parts.name);
  }
  if (name.size() >= sizeof address.sun_path) throw_errno_value(ENAMETOOLONG, "connect", path);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  check(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "connect",
        path);
  return socket;
}

}  // namespace gocker
