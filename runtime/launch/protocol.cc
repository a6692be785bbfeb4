#include "runtime/launch/protocol.h"

#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// A report of failure is thrown, everything else returned.
Message unpack(Packet packet) {
  Message message{MessageKind{packet.bytes[0]}, packet.bytes.substr(1), std::move(packet.fds)};
  if (message.kind != MessageKind::kFailed) return message;
  const std::string_view report = message.text;
  const size_t blank = report.find(' ');
  const auto code = parse_u32(report.substr(0, blank));
  throw Error(report.substr(blank + 1), static_cast<int>(code.value_or(0)));
}

}  // namespace

void SyncSocket::send(MessageKind kind, const std::vector<int>& fds, std::string_view text) const {
  send_packet(socket_, std::string(1, static_cast<char>(kind)).append(text), fds);
}

void SyncSocket::send_failure(int code, std::string_view text) const noexcept {
  constexpr size_t kLongest = 8 << 10;
  try {
    send(MessageKind::kFailed, {},
         std::to_string(code).append(" ").append(text.substr(0, kLongest)));
  } catch (const std::exception&) {
    // The other side is gone, and with it whoever wanted to know.
  }
}

Message SyncSocket::receive() const {
  std::optional<Packet> packet = receive_packet(socket_);
  if (!packet || packet->bytes.empty()) throw Error("the other side died without a word");
  return unpack(std::move(*packet));
}

void SyncSocket::expect_end() const {
  std::optional<Packet> packet = receive_packet(socket_);
  if (!packet) return;
  unpack(std::move(*packet));
  throw Error("an unexpected message");
}

Message SyncSocket::expect(MessageKind kind) const {
  Message message = receive();
  if (message.kind != kind) throw Error("an unexpected message");
  return message;
}

}  // namespace gocker
