// Who a process is (config.md, "User").
#pragma once

#include <string>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// In a new user namespace: becomes its root, before anything is made in it.
void become_namespace_root();

// setgroups, setresgid, setresuid. Where the user namespace denies setgroups and no groups are
// asked for, they stay as they are.
void set_user(const oci::User& user);

// The home directory of `uid` in /etc/passwd of the caller's root, "/" where there is none. Read
// with a bound on lines and size: the file belongs to the container.
std::string home_directory(uint32_t uid);

}  // namespace gocker
