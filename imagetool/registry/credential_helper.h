// Credential helpers: programs docker-credential-NAME in $PATH that keep passwords for docker, in a
// desktop's key ring say. They are called with get, store or erase, are told on stdin for which
// registry, and answer in JSON on stdout.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/error.h"

namespace gocker {

struct Login {
  std::string user;
  std::string password;
  std::string identity_token;  // OAuth 2's refresh token, in place of both; empty: none
};

class CredentialHelper {
 public:
  // The `desktop` of docker-credential-desktop. Throws where it could not be a program's.
  explicit CredentialHelper(const std::string& name);

  // Whether there is such a program in $PATH.
  bool installed() const { return !path_.empty(); }
  const std::string& program() const { return program_; }

  // `registry` is the key under which docker keeps it: a host, or Docker Hub's address. Nothing
  // where the helper knows of none. All three throw where there is no such program, where it fails,
  // and where it takes longer than a minute (or $GOCKER_CREDENTIAL_HELPER_TIMEOUT seconds).
  std::optional<Login> get(const std::string& registry) const;
  void store(const std::string& registry, const Login& credentials) const;
  void erase(const std::string& registry) const;

 private:
  std::optional<std::string> call(const char* action, const std::string& input) const;

  std::string program_;  // "docker-credential-desktop"
  std::string path_;
};

}  // namespace gocker
