// $NOTIFY_SOCKET of `create`, `start` and `run`: a service in the container says that it is ready,
// and whoever started the runtime hears of it.
#pragma once

#include <optional>
#include <string>

#include "runtime/launch/create.h"
#include "runtime/linux/notify_socket.h"

namespace gocker::cli {

// Empty where nobody waits.
std::string host_notify_socket();

// Gives the container its socket: a mount and a variable more.
void add_notify_socket(Configuration& configuration, const StateRoot& root, const std::string& id);

class NotifyRelay {
 public:
  // The container's socket is there from now on.
  NotifyRelay(const std::string& host_socket, const Fd& state_directory);

  const Fd& fd() const { return container_.fd(); }
  void relay_message() const;
  // Returns when the container is ready, with its pid told to the host, or has ended.
  void wait_until_ready(const Fd& process, pid_t pid) const;

 private:
  HostNotifySocket host_;
  NotifySocket container_;
};

}  // namespace gocker::cli
