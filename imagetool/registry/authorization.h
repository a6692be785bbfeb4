// Getting leave to read a repository: the answers to a registry's challenges, Basic and Bearer
// (distribution-spec, "Authentication"; Docker's token specification).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imagetool/registry/challenge.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/http.h"

namespace gocker {

class Authorization {
 public:
  // `path` is the repository's; without credentials it asks for what everybody may have.
  Authorization(HttpClient& client, std::string path, std::optional<Credentials> credentials)
      : client_(client), path_(std::move(path)), credentials_(std::move(credentials)) {}

  // The value of the header to send; empty where none is wanted so far.
  const std::string& value() const { return value_; }

  // Answers a 401 to a request that was sent with `used`. False where there is nothing (more) to
  // offer. Throws where a token server refuses.
  bool answer(const HttpResponse& refusal, std::string_view used, Trust trust);
  // A request was let through: a later refusal means that a token has expired.
  void succeeded() { refusals_ = 0; }

  // What a person can do about a final refusal.
  std::string hint() const;

 private:
  bool answer_bearer(const Challenge& challenge, const HttpResponse& refusal, Trust trust);
  std::string fetch_token(const std::string& url, Trust trust);
  std::string basic() const;

  HttpClient& client_;
  std::string path_;
  std::optional<Credentials> credentials_;
  std::string value_;
  int refusals_ = 0;  // since the last success
};

}  // namespace gocker
