// An intermediate process, where namespaces must be joined or made from inside a user namespace
// that exists already: the launcher itself could not come back from there.
#pragma once

#include <optional>

#include "runtime/base/process.h"
#include "runtime/launch/namespace_plan.h"

namespace gocker {

// Like clone_child: init as a child of the caller, an empty optional in init.
std::optional<Child> clone_through_bridge(const NamespacePlan& plan, const Fd& cgroup);

}  // namespace gocker
