// gocker-image unshare: any program where the user is root.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "imagetool/cli/command.h"
#include "imagetool/lifeline.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"

namespace gocker::cli {
namespace {

// An ordinary user's commands all are in the namespace by the time they run.
void run(const Global& global, const Arguments& arguments) {
  // The program lives in the namespace as we do.
  Fd lifeline = open_lifeline(global.run_root);
  if (lifeline) clear_cloexec(lifeline.release());
  std::vector<std::string> words = arguments.positionals();
  if (words.empty()) {
    const char* shell = std::getenv("SHELL");
    words.emplace_back(shell != nullptr && *shell != '\0' ? shell : "/bin/sh");
  }
  const std::vector<char*> args = c_strings(words);
  ::execvp(args[0], args.data());
  const int code = errno;
  throw_errno_value(code, "execute", words[0]);
}

}  // namespace

const Command kUnshare = {
    .name = "unshare",
    .arguments = "[COMMAND...]",
    .summary = "run a program in the user namespace where an ordinary user's images are",
    .notes =
        "There the user is root, has the ids of /etc/subuid and /etc/subgid, and sees the mounts "
        "of "
        "bundles\nand containers. Without a command: a shell. For root it changes nothing.\n",
    .options = {},
    .least = 0,
    .most = kAnyNumber,
    .run = run,
    .stop = StopAt::first_positional,
};

}  // namespace gocker::cli
