// gocker-runtime start: runs the program of a created container.
#include <fcntl.h>

#include <optional>

#include "runtime/base/file.h"
#include "runtime/cli/command.h"
#include "runtime/cli/notify.h"
#include "runtime/launch/create.h"

namespace gocker::cli {
namespace {

// None for a container that was created without one.
std::optional<NotifyRelay> notify_relay(const Container& container) {
  const std::string host_socket = host_notify_socket();
  if (host_socket.empty() || !open_if_exists_at(container.directory(), kNotifyDirectory, O_PATH)) {
    return std::nullopt;
  }
  return NotifyRelay(host_socket, container.directory());
}

int run(const Global& global, const Arguments& arguments) {
  Container container = Container::load(StateRoot(global.state_root), arguments.positionals().at(0),
                                        Locking::exclusive);
  const std::optional<NotifyRelay> relay = notify_relay(container);
  start_container(container);
  if (!relay) return 0;
  container.unlock();
  if (const Fd process = container.open_process()) {
    relay->wait_until_ready(process, container.record().pid);
  }
  return 0;
}

}  // namespace

constinit const Command kStart{.name = "start",
                               .arguments = "ID",
                               .summary = "run the program of a created container",
                               .least = 1,
                               .most = 1,
                               .run = run};

}  // namespace gocker::cli
