// What `run` and `restore` have in common: a container that runs at once, waited for and deleted.
#pragma once

#include <functional>

#include "runtime/cli/command.h"
#include "runtime/launch/create.h"

namespace gocker::cli {

inline constexpr Option kDetach{"detach", 'd', "", "return as soon as the program runs"};
inline constexpr Option kKeep{"keep", 0, "", "don't delete the container when it has ended"};
inline constexpr Option kNoSubreaper{
    "no-subreaper", 0, "", "don't adopt what the container's first process leaves behind"};

using MakeRunning = std::function<Created(const CreateOptions& options)>;
// Makes the container; then, unless --detach is given, waits for the end of its first process and,
// without --keep, deletes it. Returns the exit code of the command.
int run_and_attend(const Configuration& configuration, CreateOptions options,
                   const Arguments& arguments, const MakeRunning& make_running);

}  // namespace gocker::cli
