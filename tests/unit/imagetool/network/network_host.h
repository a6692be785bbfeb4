// A network namespace that stands for a host, in which the real netavark wires containers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "imagetool/network/connection.h"
#include "imagetool/network/networks.h"
#include "runtime/base/file.h"

namespace gocker {

// What a shell command writes, to both streams, without blanks at the ends.
std::string shell(const std::string& text);

// Asks again until that is what it writes, or for so long that it never will.
std::string shell_until(const std::string& text, const std::string& wanted);

class NetworkHost {
 public:
  NetworkHost();

  const NetworkPlaces& places() const { return places_; }
  Networks networks() const { return Networks(places_); }

  // Container ID with the name name-ID.
  Connection connect(const std::string& id, const std::string& network = "bridge",
                     std::vector<PortRequest> ports = {}) const;
  Connection connect(const std::string& id, const NetworkJoin& join) const;
  void disconnect(const std::string& id) const;

  // Nothing is left of any connection but netavark's shared chains.
  void expect_clean() const;

 private:
  TempDir folder_;
  NetworkPlaces places_;
};

// Runs `body` in a child process; skips the test where it is not run by root.
void on_a_host(const std::function<void(const NetworkHost&)>& body);

// A shell command, to be run in the network namespace of a container; without single quotes.
std::string in_namespace(const Connection& connection, const std::string& command);
// What it writes there.
std::string inside(const Connection& connection, const std::string& command);
// "yes" where a ping from a container gets an answer, or one from the host where none is given.
std::string reaches(const Connection& connection, const std::string& address);
std::string host_reaches(const std::string& address);

}  // namespace gocker
