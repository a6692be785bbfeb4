// Getting leave to read or write a repository: the answers to a registry's challenges, Basic and
// Bearer (distribution-spec, "Authentication"; Docker's token specification, by GET with a password
// and by OAuth 2 with an identity token).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/registry/challenge.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/http.h"

namespace gocker {

// What is wanted of a repository; `none` is to be known at the registry, no more.
enum class Access { none, read, write };

class Authorization {
 public:
  // `path` is the repository's; without credentials it asks for what everybody may have.
  Authorization(HttpClient& client, std::string path, std::optional<Credentials> credentials,
                Access access)
      : client_(client),
        path_(std::move(path)),
        credentials_(std::move(credentials)),
        access_(access) {}

  // The value of the header to send; empty where none is wanted so far.
  const std::string& value() const { return value_; }

  // Answers a 401 to a request that was sent with `used`. False where there is nothing (more) to
  // offer. Throws where a token server refuses.
  bool answer(const HttpResponse& refusal, std::string_view used, Trust trust);
  // A request was let through: a later refusal means that a token has expired.
  void let_through() { refusals_ = 0; }

  // The next token is to cover reading this repository, too.
  void also_read(const std::string& path);

  // What a person can do about a final refusal.
  std::string hint() const;

 private:
  bool answer_bearer(const Challenge& challenge, const HttpResponse& refusal, Trust trust);
  std::vector<std::string> scopes(const Challenge& challenge) const;
  HttpRequest token_request(const Challenge& challenge) const;
  std::string fetch_token(const Challenge& challenge, Trust trust);
  bool has_password() const { return credentials_ && credentials_->identity_token.empty(); }
  std::string basic() const;

  HttpClient& client_;
  std::string path_;
  std::optional<Credentials> credentials_;
  Access access_;
  std::set<std::string> also_read_;  // paths of other repositories
  std::string value_;
  int refusals_ = 0;  // since the last request that was let through
};

}  // namespace gocker
