#include "imagetool/registry/authorization.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "imagetool/interrupt.h"
#include "imagetool/registry/base64.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/retries.h"
#include "imagetool/registry/url.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr size_t kMaxToken = 1 << 20;
constexpr const char* kFormType = "application/x-www-form-urlencoded";

using Parameters = std::vector<std::pair<std::string, std::string>>;

// "service=s%201&scope=..."
std::string form_of(const Parameters& parameters) {
  std::vector<std::string> fields;
  for (const auto& [name, value] : parameters) {
    fields.push_back(std::string(name).append("=").append(percent_encode(value)));
  }
  return join(fields, "&");
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// {"token": "..."} or, as OAuth 2 has it, {"access_token": "..."}.
std::string token_of(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  for (const char* name : {"token", "access_token"}) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_string()) continue;
    std::string token = json[name].get<std::string>();
    if (is_token(token)) return token;
  }
  throw Error("the answer holds no token");
}

}  // namespace

bool Authorization::answer(const HttpResponse& refusal, std::string_view used, Trust trust) {
  if (used != value_) return true;  // another request has been given leave meanwhile
  if (++refusals_ > 1) return false;
  for (const auto& [name, header] : refusal.headers) {
    if (name != "www-authenticate") continue;
    for (const Challenge& challenge : parse_challenges(header)) {
      if (challenge.scheme == "bearer") return answer_bearer(challenge, refusal, trust);
      if (challenge.scheme != "basic" || !has_password()) continue;
      value_ = basic();
      return true;
    }
  }
  return false;
}

bool Authorization::answer_bearer(const Challenge& challenge, const HttpResponse& refusal,
                                  Trust trust) {
  const std::string url(challenge.parameter("realm"));
  const std::string origin = origin_of(url);
  if (origin.empty()) throw Error("the registry names '" + url + "' as its token server");
  if (credentials_ && refusal.url.starts_with("https:") && !origin.starts_with("https:")) {
    throw Error("the token server " + host_of(url) + " would get the password unencrypted");
  }
  value_ = "Bearer " + fetch_token(challenge, trust);
  return true;
}

// A password goes with a GET, as all token servers take it; an identity token in OAuth 2's form.
HttpRequest Authorization::token_request(const Challenge& challenge) const {
  HttpRequest request;
  request.url = challenge.parameter("realm");
  request.headers = {"Accept: application/json"};
  Parameters parameters;
  const std::string_view service = challenge.parameter("service");
  if (!service.empty()) parameters.emplace_back("service", service);
  const std::vector<std::string> wanted = scopes(challenge);
  if (!credentials_ || has_password()) {
    for (const std::string& scope : wanted) parameters.emplace_back("scope", scope);
    if (credentials_) request.authorization = basic();
    if (parameters.empty()) return request;
    request.url += request.url.find('?') == std::string::npos ? '?' : '&';
    request.url += form_of(parameters);
    return request;
  }
  if (!wanted.empty()) parameters.emplace_back("scope", join(wanted, " "));
  parameters.emplace_back("grant_type", "refresh_token");
  parameters.emplace_back("client_id", "gocker");
  parameters.emplace_back("refresh_token", credentials_->identity_token);
  request.method = "POST";
  request.headers.push_back(std::string("Content-Type: ") + kFormType);
  request.body = text_body(form_of(parameters));
  request.redirects = Redirects::within_origin;
  return request;
}

// For reading, the registry knows best. One that is asked to show a manifest names reading alone: a
// push asks at once for what it is going to need.
std::vector<std::string> Authorization::scopes(const Challenge& challenge) const {
  std::vector<std::string> scopes;
  const std::string_view named = challenge.parameter("scope");
  if (access_ == Access::write) {
    scopes.push_back("repository:" + path_ + ":pull,push");
  } else if (!named.empty()) {
    scopes.emplace_back(named);
  } else if (access_ == Access::read) {
    scopes.push_back("repository:" + path_ + ":pull");
  }
  for (const std::string& path : also_read_) scopes.push_back("repository:" + path + ":pull");
  return scopes;
}

// A token that covers less is given up; a password covers all.
void Authorization::also_read(const std::string& path) {
  if (path != path_ && also_read_.insert(path).second && value_.starts_with("Bearer ")) {
    value_.clear();
  }
}

std::string Authorization::fetch_token(const Challenge& challenge, Trust trust) {
  const std::string host = host_of(challenge.parameter("realm"));
  const Doing doing("get a token from", host);
  Retries retries;
  while (true) {
    HttpRequest request = token_request(challenge);
    request.trust = trust;
    const HttpResponse response = client_.fetch(std::move(request), kMaxToken);
    if (response.success()) return token_of(response.body);
    const auto delay = is_passing(response.status) ? retries.next(0, response.header("retry-after"))
                                                   : std::nullopt;
    if (!delay) throw Error(describe_refusal(response) + hint());
    pause_for(*delay);
  }
}

std::string Authorization::basic() const {
  return "Basic " + encode_base64(credentials_->user + ":" + credentials_->password);
}

std::string Authorization::hint() const {
  if (!credentials_)
    return " (no credentials for it are known: log in, or see --creds and --authfile)";
  if (!has_password()) return " (with the identity token from " + credentials_->origin + ")";
  return " (as " + credentials_->user + ", with the password from " + credentials_->origin + ")";
}

}  // namespace gocker
