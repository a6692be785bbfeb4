// The child's side of the start of a container: a list of named steps from the clone to the
// execution of the program (the picture is in protocol.h).
#pragma once

#include <optional>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/container/start_gate.h"
#include "runtime/launch/namespace_plan.h"
#include "runtime/launch/protocol.h"
#include "runtime/launch/request.h"
#include "runtime/linux/mounts.h"

namespace gocker {

// What init finds in its memory, made by the launcher before the clone.
struct InitInheritance {
  const LaunchRequest& request;
  const NamespacePlan& namespaces;
  const MountPlan& mounts;
  const std::vector<Fd>& tasks_files;   // of its v1 control groups
  const std::vector<Fd>& host_devices;  // where it can't make nodes itself
  const Fd& rootfs;                     // where it may not reach the bundle, or is not to attach it
  const Fd& mask_source;                // where the launcher could open it
  bool is_settled;                      // the launcher has nothing to do for it before it begins
  bool is_waited_for;                   // the launcher has hooks to run, or takes the terminal
  const std::optional<StartGate>& gate;  // none: it executes at once
};

// Errors go to the launcher, after the gate to `start`.
[[noreturn]] void run_init(const InitInheritance& inheritance, SyncSocket launcher) noexcept;

}  // namespace gocker
