// What of the host's powers a container's processes get: capabilities, devices, system calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/cdi/gpu_wish.h"
#include "oci-spec/runtime_spec.h"

namespace gocker {

struct HostDevice {
  std::string source;       // on the host
  std::string destination;  // in the container
  std::string access;       // of "rwm"
};

// Devices that the files of their vendors describe.
struct CdiWish {
  std::vector<std::string> devices;  // "vendor.com/class=name"
  std::optional<GpuWish> gpus;
  std::vector<std::string> directories;  // of the files; empty: the usual ones
};

struct Privileges {
  std::vector<std::string> cap_add;   // as people write them: "net_admin", "CAP_NET_ADMIN", "ALL"
  std::vector<std::string> cap_drop;  // likewise; taken away first, so that ALL leaves the added
  std::vector<HostDevice> devices;
  CdiWish cdi;
  std::vector<std::string> security;  // "no-new-privileges", "seccomp=unconfined|FILE", ...
  bool privileged = false;            // everything that the caller has itself
};

// "SOURCE[:DESTINATION][:ACCESS]"; throws "'...' is no device: ...".
HostDevice parse_device_option(std::string_view text);

// Changes a configuration that has the defaults, and all else that was asked for. Throws for
// unknown capabilities and options, for what is no device on this host, and for a profile that
// cannot be read.
void apply_privileges(const Privileges& privileges, oci::Spec& spec);

}  // namespace gocker
