// What the program can be besides a reporter: long-lived, stubborn, hungry. Each returns its exit
// code, if it returns.
#pragma once

#include <string>
#include <vector>

namespace inside {

// Ends by any signal that ends a process; as init of a PID namespace only by SIGKILL.
int sleep_forever();
// Prints "ready", then the name of the first signal that arrives ("TERM"), and ends.
int print_signal();
// Prints "ready" and survives SIGTERM.
int ignore_term();
// Leaves `count` sleeping children, prints "ready" and sleeps itself.
int with_children(int count);
// Copies stdin to stdout.
int echo();
// Makes the file, locks it by flock(2) and sleeps.
int hold_lock(const std::string& file);
// Touches so much memory, then prints "fed".
int eat(size_t mebibytes, bool stay);
// Prints "ready" and opens both devices over and over until SIGTERM: exit code 0 where the one
// could always be opened and the other never; 1 where not the first, 2 where the second.
int watch_devices(const std::string& allowed, const std::string& denied);
// Follows what a terminal does: prints its size at the start and on SIGWINCH, "interrupted" on
// SIGINT, "terminated" on SIGTERM, and ends with 7 when the line "quit" is read.
int watch_terminal();
// A hook: appends one line of JSON to `file` about itself and the state on its stdin. `then` is
// an exit code, or "sleep".
int hook(const std::string& file, const std::string& label, const std::string& then);

}  // namespace inside
