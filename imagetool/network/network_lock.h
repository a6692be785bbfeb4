// The lock under which addresses, ports and interfaces change hands and netavark is called.
#pragma once

#include <sys/types.h>

#include "imagetool/network/places.h"
#include "runtime/base/fd.h"

namespace gocker {

// Waits until it has the lock, and for the end of a netavark that a killed holder left at work.
// Makes the folders below RUN that are missing, and clears what is left there of an earlier boot.
class NetworkLock {
 public:
  explicit NetworkLock(const NetworkPlaces& places);

 private:
  Fd file_;
};

// Notes, for those who hold the lock, which process works under it: it goes on where its caller is
// killed, and the lock is free then.
void note_worker(const NetworkPlaces& places, pid_t pid);

}  // namespace gocker
