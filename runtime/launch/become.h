// The last mile from a process of the runtime to the program of a container, shared by the init of
// a container and by exec (config.md, "Process").
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/linux/seccomp.h"
#include "runtime/linux/user.h"

namespace gocker {

// What execve(2) will get.
struct Program {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
};

struct BecomeRequest {
  const oci::Process& process;
  const SeccompProgram* seccomp = nullptr;  // none: no filter
  unsigned listen_fds = 0;                  // announced as LISTEN_FDS
  std::function<void(Fd listener)> on_seccomp_listener;
  Tracing tracing = Tracing::nobody;
  Groups groups = Groups::as_asked;
  bool waits_for_start = false;  // before execute(), for as long as `start` takes to come
};

// From the runtime's user to the process's: limits, capabilities, user, umask, working directory;
// the program is looked up with that user's rights. A filter is loaded here where no_new_privs does
// not allow it later, or where it has a listener to hand out.
Program become_user(const BecomeRequest& request);

// Loads the filter that become_user() left, and executes. Throws where that fails.
[[noreturn]] void execute(const BecomeRequest& request, const Program& program);

// Closes every descriptor but stdio, `preserved` ones from 3 on, which the program gets, and
// `kept`.
void keep_preserved_descriptors(unsigned preserved, std::vector<int> kept);

// The words are those that engines turn into exit codes 126 and 127:
// exec: "NAME": executable file not found in $PATH
std::string find_program(const std::string& name, const std::vector<std::string>& env);
// Where it is looked for, in that order: a name without a slash in the folders of $PATH.
std::vector<std::string> program_candidates(const std::string& name,
                                            const std::vector<std::string>& env);

}  // namespace gocker
