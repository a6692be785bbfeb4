// gocker-systemd: makes scopes for gocker-runtime, which calls it where --systemd-cgroup is given.
//
//   gocker-systemd --system|--user start UNIT   a scope around this process, then its limits
//   gocker-systemd --system|--user set UNIT     new properties
//   gocker-systemd --system|--user move UNIT    a process into it
//
// stdin is a SOCK_SEQPACKET socket. A packet brings properties, or a process to be moved into the
// scope (systemd_properties.h); the answer is "ok" or says what failed. `start` takes a first
// packet, makes the scope and answers; processes may follow. With the next properties (or none) the
// container's first process is in the scope: they are set, answered, and this process leaves.
// The others do one thing and leave. The end of the socket at any time means that nobody needs it
// any more.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/socket.h"
#include "runtime/systemd/manager.h"

namespace gocker {
namespace {

struct Call {
  ManagerOf whose;
  std::string_view verb;
  std::string unit;
};

void answer_packets(const Fd& socket, const Call& call) {
  SystemdManager manager(call.whose);
  bool is_to_be_made = call.verb == "start";
  while (const std::optional<Packet> packet = receive_packet(socket)) {
    if (const std::optional<ScopeMember> member = parse_scope_member(packet->bytes)) {
      manager.move_in(call.unit, *member);
      send_packet(socket, kSystemdOk);
      if (call.verb == "move") return;
      continue;
    }
    const SystemdProperties properties = parse_systemd_properties(packet->bytes);
    if (is_to_be_made) {
      manager.start_scope(call.unit, properties);
    } else {
      manager.set_properties(call.unit, properties);
    }
    send_packet(socket, kSystemdOk);
    if (!is_to_be_made) return;
    is_to_be_made = false;
  }
}

}  // namespace
}  // namespace gocker

int main(int argc, char** argv) {
  const std::string_view whose = argc == 4 ? argv[1] : "";
  const std::string_view verb = argc == 4 ? argv[2] : "";
  const bool is_verb = verb == "start" || verb == "set" || verb == "move";
  if ((whose != "--system" && whose != "--user") || !is_verb) {
    std::fputs("gocker-systemd: is called by gocker-runtime\n", stderr);
    return 2;
  }
  const gocker::Fd socket(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  try {
    const auto instance = whose == "--user" ? gocker::ManagerOf::user : gocker::ManagerOf::system;
    gocker::answer_packets(socket, {instance, verb, argv[3]});
    return 0;
  } catch (const std::exception& error) {
    try {
      gocker::send_packet(socket, error.what());
    } catch (const std::exception&) {
      std::fprintf(stderr, "gocker-systemd: %s\n", error.what());
    }
    return 1;
  }
}
