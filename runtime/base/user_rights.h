// What the kernel lets an ordinary user do, and why it does not (user_namespaces(7)).
#pragma once

#include <string>

namespace gocker {

// Whether this process began as root: of the host, or of a user namespace that it was started in.
// Asked once; an ordinary user that becomes root of a namespace of its own stays one.
bool is_superuser();

// Whether it has the rights of the host's root: false for an ordinary user, and for who is root in
// a user namespace only.
bool is_host_root();

// Why an ordinary user can't make or use user namespaces here, and what to do: " (...)"; empty
// where the kernel's settings allow it.
std::string user_namespace_hint();

}  // namespace gocker
