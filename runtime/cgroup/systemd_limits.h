// A group's limits as properties of systemd's (systemd.resource-control(5)). systemd writes its own
// values to the control files whenever it reloads, and must not have others.
#pragma once

#include <map>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/group_directory.h"
#include "runtime/cgroup/systemd_properties.h"

namespace gocker {

// Control files that systemd has properties for, and what they say: "memory.max" -> "67108864".
using LimitFiles = std::map<std::string, std::string>;

// What is going to be written for `resources`, where that is known before the group stands. Without
// blockIO, whose file depends on the host's scheduler, and `unified`, which the kernel is to judge
// first. Errors name the field.
LimitFiles planned_limit_files(const oci::Resources& resources);

// What the group has by now; of all files, or of those that `written` is about.
LimitFiles read_limit_files(const GroupDirectory& group);
LimitFiles read_limit_files(const GroupDirectory& group, const oci::Resources& written);

// Those that make no sense as a limit are left out.
SystemdProperties limits_of_scope(const LimitFiles& files);

// What is in `properties`, and not with the same value in `known`.
SystemdProperties news_in(const SystemdProperties& properties, const SystemdProperties& known);

}  // namespace gocker
