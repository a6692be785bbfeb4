// A copy of the runtime's own binary that nobody can write to: a read-only overlay over the folder
// that it lies in.
//
// An overlay without an upper layer can't be made writable by any remount: its superblock is
// read-only for good.
#pragma once

namespace gocker {

// In the environment of the program that runs from such a copy: "ID:FOLDER", its own id, and where
// the binary lies. execve(2) keeps the id, so what leaked from elsewhere is not believed.
inline constexpr char kBinaryMarker[] = "GOCKER_SEALED_BINARY";

// Whether the environment says, true or not, that the program runs from such a copy.
bool is_marked(char** environment) noexcept;

// Executes this program once more from the copy, marked; both lists end with a null pointer.
// Returns where the kernel, or the rights of the caller, do not allow it.
void execute_from_overlay(char** argv, char** environment) noexcept;

}  // namespace gocker
