#include "runtime/cli/notify.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "runtime/base/error.h"

namespace gocker::cli {

std::string host_notify_socket() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  return socket == nullptr ? "" : socket;
}

void add_notify_socket(Configuration& configuration, const StateRoot& root, const std::string& id) {
  oci::Spec& spec = configuration.spec;
  oci::Mount mount;
  mount.destination = kNotifyMountPoint;
  mount.type = "bind";
  mount.source = root.path() + "/" + id + "/" + kNotifyDirectory;
  mount.options = {"bind", "nosuid", "noexec", "nodev", "ro"};
  spec.mounts.push_back(std::move(mount));
  std::erase_if(spec.process->env,
                [](const std::string& entry) { return entry.starts_with("NOTIFY_SOCKET="); });
  spec.process->env.push_back(std::string("NOTIFY_SOCKET=") + kNotifyInside);
  configuration.json = oci::to_json(spec);
}

NotifyRelay::NotifyRelay(const std::string& host_socket, const Fd& state_directory)
    : host_(host_socket), container_(state_directory) {}

void NotifyRelay::relay_message() const {
  const std::string lines = container_.receive();
  if (!lines.empty()) host_.send(lines);
}

void NotifyRelay::wait_until_ready(const Fd& process, pid_t pid) const {
  for (;;) {
    std::array<pollfd, 2> polled{pollfd{fd().get(), POLLIN, 0}, pollfd{process.get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0) {
      if (errno != EINTR) throw_errno("poll");
      continue;
    }
    // Its last words come first.
    if (polled[0].revents == 0) return;
    std::string lines = container_.receive();
    if (lines.empty()) continue;
    const bool ready = tells_readiness(lines);
    if (ready) lines.append("MAINPID=").append(std::to_string(pid)).append("\n");
    host_.send(lines);
    if (!ready) continue;
    host_.wait_until_heard();
    return;
  }
}

}  // namespace gocker::cli
