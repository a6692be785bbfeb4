#include "runtime/linux/notify_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr char kName[] = "notify.sock";

Fd new_socket() {
  return Fd(check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
}

struct Address {
  sockaddr_un bytes{};
  socklen_t size = 0;
};

Address address_of(const std::string& text) {
  Address address;
  address.bytes.sun_family = AF_UNIX;
  if (text.empty() || text.size() >= sizeof address.bytes.sun_path) {
    throw_errno_value(ENAMETOOLONG, "connect to", text);
  }
  std::memcpy(address.bytes.sun_path, text.data(), text.size());
  const bool abstract = text.front() == '@';
  if (abstract) address.bytes.sun_path[0] = '\0';
  address.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (abstract ? 0 : 1));
  return address;
}

}  // namespace

void make_notify_directory(const Fd& state_directory) {
  const NoUmask no_umask;
  if (::mkdirat(state_directory.get(), kNotifyDirectory, 0755) != 0 && errno != EEXIST) {
    throw_errno("mkdir", kNotifyDirectory);
  }
}

NotifySocket::NotifySocket(const Fd& state_directory) : socket_(new_socket()) {
  const Doing doing("make the notify socket");
  const Fd directory =
      open_file_at(state_directory, kNotifyDirectory, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (::unlinkat(directory.get(), kName, 0) != 0 && errno != ENOENT) throw_errno("unlink", kName);
  const Address address = address_of(descriptor_path(directory).append("/").append(kName));
  check(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.size),
        "bind");
  // Whatever user the container's process is.
  check(::fchmodat(directory.get(), kName, 0777, 0), "chmod", kName);
}

std::string NotifySocket::receive() const try {
  const std::optional<Packet> packet = receive_packet(socket_);
  return packet ? notable_lines(packet->bytes) : "";
} catch (const Error&) {
  return "";  // a message that is longer than any of them: the container's own fault
}

std::string notable_lines(std::string_view message) {
  constexpr std::array<std::string_view, 9> kNotable = {
      "READY=",    "RELOADING=", "STOPPING=",      "STATUS=",        "ERRNO=",
      "BUSERROR=", "WATCHDOG=",  "WATCHDOG_USEC=", "MONOTONIC_USEC="};
  std::string lines;
  for (const std::string_view line : split(message, '\n')) {
    const bool notable = std::any_of(kNotable.begin(), kNotable.end(),
                                     [&](std::string_view name) { return line.starts_with(name); });
    if (notable) lines.append(line).append("\n");
  }
  return lines;
}

bool tells_readiness(std::string_view lines) {
  const std::vector<std::string_view> all = split(lines, '\n');
  return std::find(all.begin(), all.end(), "READY=1") != all.end();
}

HostNotifySocket::HostNotifySocket(const std::string& address_text) : socket_(new_socket()) {
  const Address address = address_of(address_text);
  check(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.size),
        "connect to $NOTIFY_SOCKET", address_text);
}

void HostNotifySocket::send(std::string_view lines) const {
  send_packet(socket_, lines);
}

void HostNotifySocket::wait_until_heard() const {
  constexpr int kPatience = 30'000;  // milliseconds
  std::array<int, 2> ends;
  check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  send_packet(socket_, "BARRIER=1", {theirs.get()});
  theirs.reset();
  pollfd polled{ours.get(), 0, 0};  // POLLHUP: the other side has closed it
  while (::poll(&polled, 1, kPatience) < 0 && errno == EINTR) {
  }
}

}  // namespace gocker
