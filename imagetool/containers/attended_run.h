// A call of the runtime that lasts as long as a program: its `run` or `exec` in the foreground.
#pragma once

#include <string>
#include <vector>

#include "imagetool/containers/oci_runtime.h"
#include "runtime/base/fd.h"

namespace gocker {

enum class Input { ours, none };

struct ProgramEnd {
  int exit_code = 0;  // 125, 126 or 127 where the runtime failed; its words are on stderr then
  bool runtime_was_killed = false;
};

// stdout, stderr and, with Input::ours, stdin are the program's; signals are passed on. `words` are
// the runtime's command and its arguments.
ProgramEnd run_attended(const OciRuntime& runtime, const std::vector<std::string>& words,
                        Input input);

// For another process of ours, as long as this one lives and has the descriptor open.
std::string descriptor_path_for_others(const Fd& fd);

}  // namespace gocker
