// Local sockets: message pairs, and file descriptors passed along.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// A connected pair of AF_UNIX SOCK_SEQPACKET sockets: messages keep their bounds, and the end of
// one side shows as end of file at the other.
std::pair<Fd, Fd> socket_pair();

struct Packet {
  std::string bytes;
  std::vector<Fd> fds;  // close-on-exec
};

inline constexpr size_t kMaxPacketFds = 253;  // SCM_MAX_FD of the kernel

// One message, never SIGPIPE. Throws where the other side is gone (EPIPE).
void send_packet(const Fd& socket, std::string_view bytes, const std::vector<int>& fds = {});
// The next message, nothing at end of file. At most 16 KiB: what is larger goes by descriptor.
std::optional<Packet> receive_packet(const Fd& socket);

// Connects to a listening AF_UNIX socket, also where the path is longer than sun_path.
enum class SocketKind { stream, packets };
Fd connect_unix(const std::string& path, SocketKind kind = SocketKind::stream);

}  // namespace gocker
