#include "runtime/launch/protocol.h"

#include <unistd.h>

#include <cerrno>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// "ERRNO TEXT"
[[noreturn]] void throw_report(std::string_view report) {
  const size_t blank = report.find(' ');
  const auto code = parse_u32(report.substr(0, blank));
  throw Error(report.substr(blank + 1), static_cast<int>(code.value_or(0)));
}

}  // namespace

void SyncSocket::send(MessageKind kind, const std::vector<int>& fds, std::string_view text) const {
  try {
    return send_packet(socket_, std::string(1, static_cast<char>(kind)).append(text), fds);
  } catch (const Error& error) {
    if (error.code() != EPIPE && error.code() != ECONNRESET) throw;
  }
  receive();  // why it died, if it said so
  throw Error("the other side died");
}

void SyncSocket::send_failure(int code, std::string_view text) const noexcept {
  constexpr size_t kLongest = 8 << 10;
  std::string packet(1, static_cast<char>(MessageKind::kFailed));
  packet.append(std::to_string(code)).append(" ").append(text.substr(0, kLongest));
  // Where the other side is gone, so is whoever wanted to know.
  [[maybe_unused]] const ssize_t sent = ::write(socket_.get(), packet.data(), packet.size());
}

void SyncSocket::report(MessageKind kind) const {
  const char byte = static_cast<char>(kind);
  check(::write(socket_.get(), &byte, 1), "report to the launcher");
}

Message SyncSocket::receive() const {
  std::optional<Message> message = receive_until_end();
  if (!message) throw Error("the other side died without a word");
  return std::move(*message);
}

std::optional<Message> SyncSocket::receive_until_end() const {
  std::optional<Packet> packet = receive_packet(socket_);
  if (!packet) return std::nullopt;
  Message message{MessageKind{packet->bytes.at(0)}, packet->bytes.substr(1),
                  std::move(packet->fds)};
  if (message.kind == MessageKind::kFailed) throw_report(message.text);
  return message;
}

Message SyncSocket::expect(MessageKind kind) const {
  Message message = receive();
  if (message.kind != kind) throw Error("an unexpected message");
  return message;
}

}  // namespace gocker
