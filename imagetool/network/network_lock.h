// The lock under which addresses, ports and interfaces change hands and netavark is called.
#pragma once

#include "imagetool/network/places.h"
#include "runtime/base/fd.h"

namespace gocker {

// Waits until it has the lock. Makes the folders below RUN that are missing, and clears what is
// left there of an earlier boot.
class NetworkLock {
 public:
  explicit NetworkLock(const NetworkPlaces& places);

 private:
  Fd file_;
};

}  // namespace gocker
