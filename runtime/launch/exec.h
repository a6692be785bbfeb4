// One more process in a running container (`exec`), or in one that waits for start.
//
//   launcher                                        the process
//   pid namespace, clone3(INTO_CGROUP), back --->
//    [moved into its groups, kProceed ---------->]  v1 control groups, all other namespaces at once
//     [<------------------------- kNamespacesReady  (+ the terminal's controller)
//   kProceed (+ seccomp program) --------------->]  user, capabilities, program, execve:
//      <-------------------------- (end of file)    or kFailed
//
// What is in brackets is left out where there is nothing to hand over.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/process.h"
#include "runtime/container/container.h"

namespace gocker {

struct ExecRequest {
  const Container& container;
  const oci::Spec& spec;        // the container's
  const oci::Process& process;  // what is to run
  // Where in the container's control groups: "sub/group", or "cpu:sub/group" for one of v1.
  std::vector<std::string> cgroups;
  unsigned preserved_fds = 0;  // 3 and up, LISTEN_FDS included
  unsigned listen_fds = 0;
  std::function<void(Fd controller)> on_terminal;
};

// Returns when the program is executed. Throws what went wrong on either side.
Child exec_in_container(const ExecRequest& request);

}  // namespace gocker
