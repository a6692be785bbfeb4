// An intermediate process, where namespaces must be joined or made from inside a user namespace
// that exists already: the launcher itself could not come back from there.
//
//   launcher      the bridge                               the process
//   clone3 ---->  joins namespaces, the user's among them
//                 clone3(CLONE_PARENT) ----------------->  goes on as the launcher's child
//      <--- kChild (+ its pidfd), and ends
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "runtime/base/process.h"
#include "runtime/launch/namespace_plan.h"

namespace gocker {

// Like clone_child: init as a child of the caller, an empty optional in init.
std::optional<Child> clone_through_bridge(const NamespacePlan& plan, const Fd& cgroup);

// The same for one more process in a container: in the user and the pid namespace of `member`, as
// far as `flags` has them.
std::optional<Child> clone_beside(const Fd& member, uint64_t flags, const Fd& cgroup);

}  // namespace gocker
