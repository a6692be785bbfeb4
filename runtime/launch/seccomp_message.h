// A compiled filter on its way from the launcher to init.
#pragma once

#include "runtime/launch/protocol.h"
#include "runtime/linux/seccomp.h"

namespace gocker {

void send_seccomp(const SyncSocket& socket, const SeccompProgram& program);
SeccompProgram unpack_seccomp(Message message);

}  // namespace gocker
