// The file in which docker, podman and skopeo keep logins: config.json or auth.json
// (containers-auth.json). Whatever else it holds stays as it is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "imagetool/registry/credential_helper.h"

namespace gocker {

class AuthFile {
 public:
  // `text` is what the file at `path` holds; empty: nothing yet. Throws where it is no JSON object.
  AuthFile(std::string path, std::string_view text);
  AuthFile(AuthFile&&) noexcept;
  AuthFile& operator=(AuthFile&&) noexcept;
  ~AuthFile();

  const std::string& path() const { return path_; }

  // For `repository` ("HOST/PATH", or HOST alone): what the helper for its host gives; else the
  // entry with the longest HOST[/PATH] that covers it, whatever scheme and "/v1/" the key wears;
  // else what the helper for all hosts gives. A helper for all hosts that is not installed counts
  // only where there has been a login with it. Throws where an entry is malformed.
  std::optional<Login> find(const std::string& repository) const;

  // Whether there is an entry, or a helper, for the registry itself.
  bool knows(const std::string& host) const;

  // With the helper that the file names, or in the file itself. Both need save() afterwards.
  // erase() tells whether there was a login, under whichever name of the registry's.
  void store(const std::string& host, const Login& credentials);
  bool erase(const std::string& host);

  // Mode 0600, written beside it and renamed over it, and so is the file that a symlink stands for.
  void save() const;

 private:
  struct Document;

  std::string key_for(const std::string& host) const;
  std::optional<CredentialHelper> helper_of_host(const std::string& host) const;
  std::optional<CredentialHelper> helper_of_all() const;

  std::string path_;
  std::unique_ptr<Document> document_;
};

}  // namespace gocker
