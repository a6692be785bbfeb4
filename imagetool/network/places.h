// Where networks are kept.
//
//   ROOT/networks/NAME.json          a network that a person made, and the default one (networks.h)
//   RUN/network/lock                 held while addresses, ports and interfaces change hands
//   RUN/network/netavark             the process that runs under the lock (network_lock.h)
//   RUN/network/boot_id              of the boot that all below RUN belongs to
//   RUN/network/attachments/ID.json  what the container ID has of it (attachment.h)
//   RUN/network/aardvark/            the name server's files, as netavark writes them
//   RUN/netns/ID                     the container's network namespace, bound
//
// RUN is for what a reboot clears anyway; where it outlives one, the next command clears it.
#pragma once

#include <string>

namespace gocker {

struct NetworkPlaces {
  std::string root;  // absolute, as is run
  std::string run;

  std::string networks() const { return root + "/networks"; }
  std::string state() const { return run + "/network"; }
  std::string attachments() const { return state() + "/attachments"; }
  std::string aardvark() const { return state() + "/aardvark"; }
  std::string namespaces() const { return run + "/netns"; }
  std::string network_namespace(const std::string& id) const { return namespaces() + "/" + id; }
};

}  // namespace gocker
