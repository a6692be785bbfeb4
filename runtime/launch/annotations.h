// crun's annotations that change how a container is made (docs/commands.md has the table). Those of
// hooks are in runtime/container/hooks.h.
#pragma once

#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/linux/user.h"

namespace gocker {

// Gets a pidfd of the first process, as --pidfd-socket does.
inline constexpr char kPidfdReceiver[] = "run.oci.pidfd_receiver";

// What stands in annotations goes into the fields that the specification has for it by now: where
// seccomp.listenerPath is empty, the socket of run.oci.seccomp.receiver. Returns whether the
// configuration has changed.
bool apply_annotations(oci::Spec& spec);

// Warns of those that mean something to crun and nothing here.
void warn_of_ignored_annotations(const oci::StringMap& annotations);

// run.oci.systemd.subgroup: the group below systemd's scope that is to be the container's; empty
// for none. An error where the kernel takes no such name.
std::string wanted_subgroup(const oci::StringMap& annotations);

// run.oci.keep_original_groups: supplementary groups are those of the runtime's caller.
Groups wanted_groups(const oci::StringMap& annotations);

}  // namespace gocker
