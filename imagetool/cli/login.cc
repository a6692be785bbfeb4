#include "imagetool/registry/login.h"

#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/password.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/interrupt.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {
    Option{"username", 'u', "USER", "who; asked for on the terminal otherwise"},
    Option{"password-stdin", 0, "", "the password is all of standard input"},
    Option{"authfile", 0, "FILE", "where to keep it, as docker, podman and skopeo do"},
    kInsecure,
    kTlsVerify,
    kCertDir,
};

Credentials wanted_credentials(const Arguments& arguments, const std::string& registry) {
  Credentials credentials;
  credentials.user = arguments.value("username");
  if (credentials.user.empty() && arguments.has("password-stdin")) {
    throw UsageError("--password-stdin needs --username");
  }
  if (credentials.user.empty()) credentials.user = ask("Username for " + registry + ": ");
  if (credentials.user.find(':') != std::string::npos) {
    throw UsageError("--username: '" + credentials.user + "': a user's name has no colon");
  }
  if (arguments.has("password-stdin")) {
    credentials.password = password_from_stdin();
    credentials.origin = "standard input";
  } else {
    credentials.password = ask_password("Password: ");
    credentials.origin = "the terminal";
  }
  return credentials;
}

std::string registry_argument(const Arguments& arguments) try {
  return parse_registry(arguments.positionals().empty() ? "" : arguments.positionals()[0]);
} catch (const Error& error) {
  throw UsageError(error.what());
}

void run(const Global&, const Arguments& arguments) {
  const std::string registry = registry_argument(arguments);
  const Transport transport = transport_of(arguments);
  const Doing doing("log in at", registry);
  const InterruptWatch interrupts;
  // Before anything is asked: a file that cannot be read is told at once.
  AuthFile file = auth_file_for_login(arguments.value("authfile"), registry);
  const Credentials credentials = wanted_credentials(arguments, registry);
  HttpClient client(certificates_of(arguments, registry));
  try_login(client, registry, transport, credentials);
  file.store(registry, {credentials.user, credentials.password});
  file.save();
  print("logged in at " + registry + " as " + credentials.user + "; kept in " + file.path() + "\n");
}

}  // namespace

const Command kLogin = {
    "login",
    "[REGISTRY]",
    "log in at a registry, and keep the login for later",
    "REGISTRY is HOST[:PORT]; Docker Hub without one. The login is tried before it is kept: in\n"
    "$REGISTRY_AUTH_FILE, else in the file that has one for this registry, else in\n"
    "~/.docker/config.json. Where that file names a credential helper (credsStore, credHelpers), "
    "the\n"
    "program docker-credential-NAME keeps the password. docs/registries.md tells more.\n",
    kOptions,
    0,
    1,
    run,
    StopAt::end,
    1,
    WorksOn::own_files,
};

}  // namespace gocker::cli
