// Where an ordinary user is root: one user namespace and one mount namespace for all that the user
// does with gocker, so that files of every owner and overlay mounts are to be had, and every
// command sees the mounts of the others.
//
//   root inside is the user, 1.. are the ranges that /etc/subuid and /etc/subgid give to the user
//
//   RUN/namespace       a FIFO: who lives in the namespace has it open for writing
//   RUN/namespace.pid   the holder, a process that waits at the FIFO's other end and then ends
//   RUN/namespace.lock  held while somebody enters, and while the holder ends
//
// So when nothing of gocker's runs, nothing is left but files; the next command makes the
// namespaces anew, and the mounts that it needs, as after a reboot.
#pragma once

#include <string>

namespace gocker {

// Makes the namespaces where nobody is in them, and goes in. To be called with one thread. The
// working directory stays. Throws where the user has no ranges, or the kernel allows no namespaces.
void enter_users_namespace(const std::string& run);

}  // namespace gocker
