// What of the host's powers a container's processes get: capabilities, devices, system calls.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

struct HostDevice {
  std::string source;       // on the host
  std::string destination;  // in the container
  std::string access;       // of "rwm"
};

struct Privileges {
  std::vector<std::string> cap_add;   // as people write them: "net_admin", "CAP_NET_ADMIN", "ALL"
  std::vector<std::string> cap_drop;  // likewise; taken away first, so that ALL leaves the added
  std::vector<HostDevice> devices;
  std::vector<std::string> security;  // "no-new-privileges", "seccomp=unconfined|FILE", ...
  bool privileged = false;            // everything that the caller has itself
};

// "SOURCE[:DESTINATION][:ACCESS]"; throws "'...' is no device: ...".
HostDevice parse_device_option(std::string_view text);

// Changes a configuration that has the defaults. Throws for unknown capabilities and options, for
// what is no device on this host, and for a profile that cannot be read.
void apply_privileges(const Privileges& privileges, oci::Spec& spec);

}  // namespace gocker
