// The guard of the runtime's own binary (CVE-2019-5736).
#pragma once

#include <string>

namespace gocker {

// The folder that this program's binary lies in, also where it runs from a copy. To be asked before
// guard_binary(), which forgets it; empty where it is not known.
std::string own_folder();

// Executes this program once more from a copy that the container can't write to: a read-only
// overlay over the binary's folder, or a sealed memfd where that fails. Returns at once where the
// program already runs from such a copy. To be called before the memory cgroup is joined and with
// one thread, by the commands that start a process in a container. `argv` is main's.
void guard_binary(char** argv);

}  // namespace gocker
