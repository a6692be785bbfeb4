// Readiness of a container's service, sd_notify(3): a socket in the container's state directory
// that is mounted into it, and whoever waits on the host at $NOTIFY_SOCKET.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/fd.h"

namespace gocker {

// Where the container finds it: the directory is mounted, so that the socket may come later.
inline constexpr char kNotifyDirectory[] = "notify";
inline constexpr char kNotifyMountPoint[] = "/run/notify";
inline constexpr char kNotifyInside[] = "/run/notify/notify.sock";

void make_notify_directory(const Fd& state_directory);

// The container's end. What is in the directory already makes way.
class NotifySocket {
 public:
  explicit NotifySocket(const Fd& state_directory);
  const Fd& fd() const { return socket_; }
  // The lines of the next message that the host may hear of: what the container says of its state.
  // Its pids and descriptors mean nothing outside, and those that came along are closed. Empty
  // where nothing is left, or there is no message.
  std::string receive() const;

 private:
  Fd socket_;
};

// The lines among `message` that may go on.
std::string notable_lines(std::string_view message);
// Whether "READY=1" is among them.
bool tells_readiness(std::string_view lines);

// The host's end, at a path or, with "@" in front, an abstract name.
class HostNotifySocket {
 public:
  explicit HostNotifySocket(const std::string& address);
  void send(std::string_view lines) const;
  // Returns once all that was sent has been looked at, or after 30 seconds: systemd asks the kernel
  // who sent a message, and who is gone by then is nobody.
  void wait_until_heard() const;

 private:
  Fd socket_;
};

}  // namespace gocker
