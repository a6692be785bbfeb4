// What shows that somebody lives in an ordinary user's namespaces: the FIFO RUN/namespace, which is
// open for writing as long as they live (rootless/users_namespace.h).
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace gocker {

inline constexpr char kLifelineFifo[] = "namespace";  // below RUN

// Whether RUN is an ordinary user's.
bool is_users(const std::string& run);

// Invalid where nobody waits at the other end.
Fd open_lifeline_at(const Fd& run);

// To be left open in a process that stays behind, such as a container's monitor; invalid where RUN
// is not a user's.
Fd open_lifeline(const std::string& run);

}  // namespace gocker
