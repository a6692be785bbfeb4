// What a traced process is about to ask of the kernel. x86-64 only.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace gocker::tracer {

struct CallArguments {
  std::string name;
  std::string path;
};
// Nothing at the exit of a call, and of a process that was killed since it stopped.
std::optional<CallArguments> read_call_at_entry(pid_t pid);
// At the entry: the call does not happen.
void suppress_call(pid_t pid);
// At the exit: what the process gets in place of a result.
void set_error(pid_t pid, int error);

}  // namespace gocker::tracer
