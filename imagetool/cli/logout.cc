#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/login.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"authfile", 0, "FILE", "take it out of this file only"},
};

void run(const Global&, const Arguments& arguments) {
  const std::string registry =
      parse_registry(arguments.positionals().empty() ? "" : arguments.positionals()[0]);
  const Doing doing("log out at", registry);
  bool found = false;
  for (AuthFile& file : auth_files(arguments.value("authfile"))) {
    if (!file.erase(registry)) continue;
    file.save();
    print("logged out at " + registry + "; removed from " + file.path() + "\n");
    found = true;
  }
  if (!found) throw Error("there is no login");
}

}  // namespace

const Command kLogout = {
    "logout",
    "[REGISTRY]",
    "forget the login at a registry",
    "REGISTRY is HOST[:PORT]; Docker Hub without one. It is taken out of every file in which "
    "gocker\n"
    "looks for logins, podman's and docker's included, and out of their credential helpers.\n",
    kOptions,
    0,
    1,
    run,
    StopAt::end,
    1,
    WorksOn::own_files,
};

}  // namespace gocker::cli
