// The other end of --console-socket and of seccomp's listenerPath: a listening socket on which a
// runtime delivers the master of the container's terminal, or a seccomp listener.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker::test {

class DescriptorSocket {
 public:
  explicit DescriptorSocket(const std::string& path);

  struct Delivery {
    std::string name;     // the message's bytes
    std::vector<Fd> fds;  // all that came along
    bool closed = false;  // the sender closed the connection afterwards
  };
  // Waits for the delivery; empty where none came.
  Delivery receive() const;

 private:
  Fd listener_;
};

// What a terminal's master says until `text` has come, or until it has been silent for long.
std::string read_until(const Fd& master, const std::string& text);

}  // namespace gocker::test
