// Who we are at a registry: files as `docker login`, `podman login` and `skopeo login` write them
// (containers-auth.json).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imagetool/reference.h"

namespace gocker {

struct Credentials {
  std::string user;
  std::string password;
  std::string origin;  // where they come from, for messages: "--creds" or the file's path
};

// The credentials for a repository (`host` as in the reference, `path` below it) in the text of an
// auth.json: the entry for the longest matching HOST[/PATH], whatever scheme and "/v1/" the key
// wears. Throws where the text is malformed, and where the entry asks for what is not supported: a
// credential helper or an identity token.
std::optional<Credentials> find_credentials(std::string_view json, std::string_view file,
                                            std::string_view host, std::string_view path);

struct CredentialSource {
  std::string user_and_password;  // --creds USER:PASSWORD
  std::string file;               // --authfile
};

// From `source`; else the first that knows the repository of $REGISTRY_AUTH_FILE,
// $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json
// or ~/.docker/config.json. A file that is named explicitly must exist, and is the only one.
std::optional<Credentials> load_credentials(const CredentialSource& source, std::string_view host,
                                            std::string_view path);

// RFC 4648, with or without padding; nothing where it is malformed.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace gocker
