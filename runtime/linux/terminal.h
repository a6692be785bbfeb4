// Pseudo terminals: the container's side, and the proxy of a foreground `run` (config.md,
// "Process", terminal and consoleSize).
#pragma once

#include <optional>
#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

struct Terminal {
  Fd controller;  // what goes to the console socket ("master")
  Fd device;      // what the process gets ("slave")
};

// In init: a new pty of the devpts that is mounted at /dev/pts below `root`; the device is opened
// with TIOCGPTPEER, never by name, and given to `uid`.
Terminal open_terminal(const RootDir& root, std::optional<oci::Box> size, uint32_t uid);
// The same from the devpts at /dev/ptmx of the caller's own root (exec).
Terminal open_terminal(std::optional<oci::Box> size, uint32_t uid);

// Puts the terminal onto /dev/console below `root` (a bind mount on a plain file, nothing followed:
// CVE-2025-52565).
void bind_console(const RootDir& root, const Fd& device);

// The caller's session leader gets it as controlling terminal and as stdin, stdout and stderr.
void take_terminal(const Fd& device);

// Sends the controller to an engine's console socket: one message, the pty's name and one
// descriptor.
void send_console(const Fd& socket, const Fd& controller, std::string_view name);

}  // namespace gocker
