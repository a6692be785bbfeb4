// The create and start operations as a whole (runtime.md, "Lifecycle").
#pragma once

#include <functional>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/process.h"
#include "runtime/container/container.h"
#include "runtime/launch/container_groups.h"
#include "runtime/launch/request.h"

namespace gocker {

struct CreateOptions {
  std::string id;
  std::string bundle;
  bool no_pivot = false;
  bool no_new_keyring = false;
  unsigned preserved_fds = 0;
  unsigned listen_fds = 0;
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  Rootless rootless = Rootless::automatic;
  std::string pid_file;        // empty: none
  std::string pidfd_socket;    // gets a pidfd of the first process; empty: none
  std::string console_socket;  // recorded; the connection is made by on_terminal
  std::function<void(Fd controller)> on_terminal;
  // The state directory is made, and nothing else yet.
  std::function<void(const Fd& state_directory)> on_directory;
};

// A container that waits at its gate or runs already, and the hold on its first process: destroying
// both without released() undoes everything.
struct Created {
  Container container;
  Child init;
};

// What BUNDLE/config.json says, and its text, which is kept with the container.
struct Configuration {
  oci::Spec spec;
  std::string json;
};
// Reads and checks it, or another file in its place.
Configuration load_bundle(const std::string& bundle, const std::string& config_file = {});

// What makes the first process of a container whose record, state directory and control groups
// stand (launch(), or its like), and the making of a container around it: locked, or an Error and
// nothing left behind.
using MakeInit = std::function<Child(const LaunchRequest&, const LaunchEvents&)>;
Created make_container(const StateRoot& root, const Configuration& configuration,
                       const CreateOptions& options, Start start, const MakeInit& make_init);

// Either a container in the state "created", locked, or an Error and nothing left behind.
Created create_container(const StateRoot& root, const Configuration& configuration,
                         const CreateOptions& options);

// The same, and its program runs. Poststart hooks are done.
Created run_container(const StateRoot& root, const Configuration& configuration,
                      const CreateOptions& options);

// Written under another name first: who polls for the file must find the whole pid in it. Decimal
// digits and no newline, as engines read it. Nothing where `path` is empty.
void write_pid_file(const std::string& path, pid_t pid);

// A pidfd of the process goes to the socket, framed as a console is. Nothing where `path` is empty.
void send_pidfd(const std::string& path, const Child& process);

// The start operation on a created container, locked by the caller: opens the gate, waits for the
// execution of the program, runs the poststart hooks. A container whose start fails is destroyed,
// as config.md asks for failing startContainer and poststart hooks.
void start_container(Container& container);

}  // namespace gocker
