// What `create` and `run` have in common.
#pragma once

#include "runtime/cli/command.h"
#include "runtime/launch/create.h"

namespace gocker::cli {

inline constexpr Option kBundle{"bundle", 'b', "DIR", "the bundle (default: here)"};
inline constexpr Option kConsoleSocket{"console-socket", 0, "SOCKET",
                                       "send the terminal to this AF_UNIX socket"};
inline constexpr Option kPidFile{"pid-file", 0, "FILE", "write the pid of the first process"};
inline constexpr Option kPidfdSocket{"pidfd-socket", 0, "SOCKET",
                                     "send a pidfd of the process to this AF_UNIX socket"};
inline constexpr Option kConfig{"config", 'f', "FILE",
                                "a configuration elsewhere than in the bundle"};
inline constexpr Option kNoPivot{"no-pivot", 0, "", "change the root without pivot_root(2)"};
inline constexpr Option kNoNewKeyring{"no-new-keyring", 0, "", "keep the session keyring"};
inline constexpr Option kPreserveFds{"preserve-fds", 0, "N",
                                     "pass N more descriptors, from 3 on, to the process"};

// The container's id is the first argument.
CreateOptions create_options(const Global& global, const Arguments& arguments);

// Lets go of every descriptor that was inherited by chance: only 0 to 2, LISTEN_FDS and the
// preserved ones are the container's. An error where one of those isn't open.
void close_stray_descriptors(const CreateOptions& options);

}  // namespace gocker::cli
