#include "runtime/launch/seccomp_message.h"

#include <cstring>
#include <string_view>

#include "runtime/base/error.h"

namespace gocker {
namespace {

struct Settings {
  uint32_t flags;
  bool notify;
};

}  // namespace

void send_seccomp(const SyncSocket& socket, const SeccompProgram& program) {
  const Settings settings{program.flags, program.notify};
  const std::string_view bytes(reinterpret_cast<const char*>(&settings), sizeof settings);
  socket.send(MessageKind::kProceed, {program.bpf.get()}, bytes);
}

SeccompProgram unpack_seccomp(Message message) {
  Settings settings{};
  if (message.fds.size() != 1 || message.text.size() != sizeof settings) {
    throw Error("the launcher sent no seccomp program");
  }
  std::memcpy(&settings, message.text.data(), sizeof settings);
  return {.bpf = std::move(message.fds[0]), .flags = settings.flags, .notify = settings.notify};
}

}  // namespace gocker
