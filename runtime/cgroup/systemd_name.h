// The names of a container's scope, the group that systemd makes for it (systemd.scope(5)).
#pragma once

#include <string>

namespace gocker {

enum class SystemdInstance { system, user };

struct ScopeName {
  std::string unit;   // "libpod-c1.scope"
  std::string slice;  // "machine.slice"
};

// From linux.cgroupsPath: "SLICE:PREFIX:NAME", where an empty slice is system.slice (user.slice of
// a user's systemd) and an empty prefix leaves NAME alone; an empty path means "gocker-ID.scope".
// An error for any other form, and for what systemd does not take in a unit's name.
ScopeName plan_scope(const std::string& cgroups_path, const std::string& id,
                     SystemdInstance instance);

}  // namespace gocker
