// What is asked of the launcher: the values that its stages share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "oci-spec/state.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/linux/rootfs.h"

namespace gocker {

// When the program is executed: once `start` opens the gate, or without one; by_criu: its processes
// are brought back as they were.
enum class Start { at_gate, at_once, by_criu };

struct LaunchRequest {
  const oci::Spec& spec;
  std::string bundle;  // absolute
  std::string rootfs;  // absolute
  RootSwitch root_switch = RootSwitch::pivot;
  bool new_keyring = true;
  std::string keyring_name;    // the container's id
  unsigned preserved_fds = 0;  // 3 and up, LISTEN_FDS included
  unsigned listen_fds = 0;
  Start start = Start::at_gate;
  const Cgroup& cgroup;
  // Moves init into its groups where it can't be born there; empty: it can.
  std::function<void(const Child& init)> move_into_groups;
  const Fd& state_directory;  // locked: init lets go of it
};

// What the launcher tells while it works.
struct LaunchEvents {
  // The number of the mount that is about to be attached over the root filesystem, where the
  // container shares the runtime's mount namespace.
  std::function<void(uint64_t mount_id)> on_shared_rootfs;
  // Init exists and its namespaces are made; nothing of the container has run yet. Called before
  // the first hook.
  std::function<void(const Child& init)> on_init;
  // The terminal's controller, where the process has one.
  std::function<void(Fd controller)> on_terminal;
  // The state for hooks, once `on_init` was called.
  std::function<oci::State()> state;
};

}  // namespace gocker
