// Who we are at a registry, and in which files that is kept: those of `docker login`, `podman
// login` and `skopeo login` count as well as those of gocker's own login.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/reference.h"
#include "imagetool/registry/auth_file.h"

namespace gocker {

struct Credentials {
  std::string user;
  std::string password;
  std::string origin;          // where they come from, for messages: "--creds" or the file's path
  std::string identity_token;  // in place of user and password: good for token servers alone
};

struct CredentialSource {
  std::string user_and_password;  // --creds USER:PASSWORD
  std::string file;               // --authfile
};

// From `source`; else the first that knows the repository of $REGISTRY_AUTH_FILE,
// $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json
// or ~/.docker/config.json. A file that is named explicitly must exist, and is the only one.
std::optional<Credentials> load_credentials(const CredentialSource& source, std::string_view host,
                                            std::string_view path);

// Those of these files that are there, in that order. `named` is --authfile's.
std::vector<AuthFile> auth_files(const std::string& named);

// Where a login is to be kept: the file that is named (there need not be one yet), or else the
// first that knows the registry, so that no older entry comes before it, or else docker's.
AuthFile auth_file_for_login(const std::string& named, const std::string& host);

}  // namespace gocker
