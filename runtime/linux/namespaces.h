// Namespaces of a container: new ones as clone flags, existing ones by path
// (config-linux.md, "Namespaces", "Offset for Time Namespace").
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

// CLONE_NEWPID for NamespaceType::pid.
uint64_t clone_flag(oci::NamespaceType type);

// The types that this kernel has, for `features` and `check`.
std::vector<oci::NamespaceType> kernel_namespaces();

// The caller's own namespace, for going back to it. For pid and time the one that its children
// get (/proc/thread-self/ns/pid_for_children).
Fd open_own_namespace(oci::NamespaceType type);

// Opens a namespace by path. An error where the file is no namespace or one of another type:
// "join network namespace /proc/1/ns/pid: is a pid namespace".
Fd open_namespace(const oci::Namespace& wanted);
void join_namespace(const Fd& fd, oci::NamespaceType type);

// Writes /proc/self/timens_offsets: between unshare(CLONE_NEWTIME) and the clone of the first
// process in the new time namespace.
void write_time_offsets(const std::map<std::string, oci::TimeOffset>& offsets);

// Brings "lo" up in the caller's network namespace.
void bring_up_loopback();

}  // namespace gocker
