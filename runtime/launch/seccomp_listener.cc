#include "runtime/launch/seccomp_listener.h"

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"

namespace gocker {

void send_seccomp_listener(const oci::Seccomp& seccomp, const Fd& listener, pid_t pid,
                           const oci::State& state) {
  const Doing doing("send the seccomp listener to", seccomp.listener_path);
  std::string json = "{\"ociVersion\":" + json_quote(oci::kVersion);
  json.append(",\"fds\":[\"seccompFd\"],\"pid\":").append(std::to_string(pid));
  if (!seccomp.listener_metadata.empty()) {
    json.append(",\"metadata\":").append(json_quote(seccomp.listener_metadata));
  }
  json.append(",\"state\":").append(oci::to_json(state)).append("}");
  send_packet(connect_unix(seccomp.listener_path), json, {listener.get()});
}

}  // namespace gocker
