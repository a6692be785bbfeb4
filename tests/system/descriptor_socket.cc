#include "tests/system/descriptor_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "runtime/base/error.h"
#include "tests/system/program.h"

namespace gocker::test {
namespace {

bool readable(const Fd& fd) {
  constexpr std::chrono::duration<int, std::milli> kTime = kPatience;
  struct pollfd event = {fd.get(), POLLIN, 0};
  return ::poll(&event, 1, kTime.count()) == 1;
}

void take_descriptors(struct msghdr& message, std::vector<Fd>& fds) {
  for (struct cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

}  // namespace

DescriptorSocket::DescriptorSocket(const std::string& path)
    : listener_(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw Error("the socket's path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  check(::bind(listener_.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address),
        "bind", path);
  // Nobody who connects and is not looked after may keep the next one waiting.
  check(::listen(listener_.get(), SOMAXCONN), "listen");
}

DescriptorSocket::Delivery DescriptorSocket::receive() const {
  Delivery delivery;
  if (!readable(listener_)) return delivery;
  const Fd connection(check(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  std::array<char, 4096> bytes;
  alignas(struct cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control;
  struct iovec vector = {bytes.data(), bytes.size()};
  struct msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (!readable(connection)) return delivery;
  const ssize_t count = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
  if (count > 0) delivery.name.assign(bytes.data(), static_cast<size_t>(count));
  take_descriptors(message, delivery.fds);
  delivery.closed = readable(connection) && ::read(connection.get(), bytes.data(), 1) == 0;
  return delivery;
}

std::string read_until(const Fd& master, const std::string& text) {
  std::string seen;
  std::array<char, 1024> buffer;
  while (seen.find(text) == std::string::npos) {
    if (!readable(master)) break;
    const ssize_t count = ::read(master.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    seen.append(buffer.data(), static_cast<size_t>(count));
  }
  return seen;
}

}  // namespace gocker::test
