// Who a process is (config.md, "User").
#pragma once

#include <string>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// Who may trace a process of ours, read its descriptors and join its namespaces by its pid, until
// it executes the container's program. Nobody in the container (CVE-2016-9962): so nobody at all,
// but where an ordinary user makes a container that nobody else is in yet. There the user would be
// shut out, too, and with the user hooks, pasta(1) and `exec`.
enum class Tracing { nobody, owner };
void allow_tracing(Tracing by);

// In a new user namespace: becomes its root, before anything is made in it.
void become_namespace_root(Tracing by = Tracing::nobody);

// setgroups, setresgid, setresuid. Where the user namespace denies setgroups and no groups are
// asked for, they stay as they are.
void set_user(const oci::User& user, Tracing by = Tracing::nobody);

// The home directory of `uid` in /etc/passwd of the caller's root, "/" where there is none. Read
// with a bound on lines and size: the file belongs to the container.
std::string home_directory(uint32_t uid);

}  // namespace gocker
