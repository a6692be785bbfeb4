// The runtime's own program in memory.
#pragma once

namespace gocker {

// Lets go of the program's code and constants: they are the binary's own and come back where they
// are touched again. For whoever is about to wait for long.
void let_go_of_code() noexcept;

}  // namespace gocker
