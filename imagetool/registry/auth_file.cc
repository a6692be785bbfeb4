#include "imagetool/registry/auth_file.h"

#include <fcntl.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "imagetool/registry/base64.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kHub = "docker.io";
constexpr const char* kHubKey = "https://index.docker.io/v1/";  // docker's own

// All names of Docker Hub are one: the keys of its credentials differ by tool and age.
std::string one_name(std::string_view host) {
  const bool hub = host == "index.docker.io" || host == "registry-1.docker.io" || host == kHub;
  return std::string(hub ? kHub : host);
}

// "https://index.docker.io/v1/" -> "docker.io"
std::string plain_key(std::string_view key) {
  if (const size_t scheme = key.find("://"); scheme != std::string_view::npos) {
    key.remove_prefix(scheme + 3);
    key = key.substr(0, key.find('/'));  // only keys without a scheme name a path
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  const size_t slash = key.find('/');
  const std::string host = one_name(key.substr(0, slash));
  return slash == std::string_view::npos ? host : host + std::string(key.substr(slash));
}

bool covers(std::string_view key, std::string_view repository) {
  return repository.starts_with(key) &&
         (repository.size() == key.size() || repository[key.size()] == '/');
}

// The member of an object whose key covers the most of the repository.
const Json* best_entry(const Json& object, const std::string& repository) {
  const Json* best = nullptr;
  size_t length = 0;
  if (!object.is_object()) return nullptr;
  for (const auto& [key, value] : object.items()) {
    const std::string plain = plain_key(key);
    if (!covers(plain, repository) || plain.size() < length) continue;
    best = &value;
    length = plain.size();
  }
  return best;
}

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_member(const Json& object, const char* name) {
  const Json& found = member(object, name);
  return found.is_string() ? found.get<std::string>() : "";
}

std::optional<Login> from_entry(const Json& entry, const std::string& repository) {
  if (!entry.is_object()) throw Error("the entry for " + repository + " is no object");
  // Beside it "auth" has a user's name that is of no use.
  std::string token = text_member(entry, "identitytoken");
  if (!token.empty()) return Login{{}, {}, std::move(token)};
  Login found{text_member(entry, "username"), text_member(entry, "password"), {}};
  const std::string packed = text_member(entry, "auth");
  if (!packed.empty()) {
    const auto pair = decode_base64(packed);
    const size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) {
      throw Error("the entry for " + repository + " is no base64 of USER:PASSWORD");
    }
    found.user = pair->substr(0, colon);
    found.password = pair->substr(colon + 1);
    while (found.password.ends_with('\0')) found.password.pop_back();
  }
  if (found.user.empty()) return std::nullopt;
  return found;
}

std::string host_in(const std::string& repository) {
  return repository.substr(0, repository.find('/'));
}

}  // namespace

struct AuthFile::Document {
  explicit Document(std::string_view text)
      : json(text.empty() ? Json::object() : Json::parse(text, nullptr, false)) {}
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Json json;
};

AuthFile::AuthFile(std::string path, std::string_view text)
    : path_(std::move(path)), document_(std::make_unique<Document>(text)) {
  if (document_->json.is_object()) return;
  throw Error("read credentials from " + path_ + ": it is no JSON object");
}

AuthFile::AuthFile(AuthFile&&) noexcept = default;
AuthFile& AuthFile::operator=(AuthFile&&) noexcept = default;
AuthFile::~AuthFile() = default;

// Docker and its helpers know Docker Hub by an old address, podman by its name.
std::string AuthFile::key_for(const std::string& host) const {
  const bool docker_writes_it = path_.ends_with("/config.json");
  return one_name(host) == kHub && docker_writes_it ? kHubKey : host;
}

std::optional<CredentialHelper> AuthFile::helper_of_host(const std::string& host) const {
  const Json* name = best_entry(member(document_->json, "credHelpers"), one_name(host));
  if (name == nullptr || !name->is_string()) return std::nullopt;
  return CredentialHelper(name->get<std::string>());
}

std::optional<CredentialHelper> AuthFile::helper_of_all() const {
  const std::string name = text_member(document_->json, "credsStore");
  if (name.empty()) return std::nullopt;
  return CredentialHelper(name);
}

std::optional<Login> AuthFile::find(const std::string& text) const {
  const Doing doing("read credentials from", path_);
  const std::string host = one_name(host_in(text));
  const std::string repository = host + text.substr(host_in(text).size());
  const std::string key = key_for(host);
  if (const auto helper = helper_of_host(host)) return helper->get(key);
  const Json* entry = best_entry(member(document_->json, "auths"), repository);
  if (entry != nullptr && !entry->empty()) return from_entry(*entry, repository);
  const auto helper = helper_of_all();
  if (!helper || (entry == nullptr && !helper->installed())) return std::nullopt;
  return helper->get(key);
}

bool AuthFile::knows(const std::string& host) const {
  return best_entry(member(document_->json, "auths"), one_name(host)) != nullptr ||
         best_entry(member(document_->json, "credHelpers"), one_name(host)) != nullptr;
}

void AuthFile::store(const std::string& host, const Login& credentials) {
  const Doing doing("keep the login in", path_);
  auto helper = helper_of_host(host);
  const bool is_of_host = helper.has_value();
  if (!helper) helper = helper_of_all();
  if (helper) helper->store(key_for(host), credentials);
  if (is_of_host) return;
  Json& auths = document_->json["auths"];
  if (!auths.is_object()) auths = Json::object();
  // An empty entry says that the helper of all has it.
  Json entry = Json::object();
  if (!helper) entry["auth"] = encode_base64(credentials.user + ":" + credentials.password);
  auths[key_for(host)] = std::move(entry);
}

bool AuthFile::erase(const std::string& host) {
  const Doing doing("take the login out of", path_);
  bool found = false;
  auto helper = helper_of_host(host);
  if (!helper) helper = helper_of_all();
  if (helper && helper->installed() && helper->get(key_for(host))) {
    helper->erase(key_for(host));
    found = true;
  }
  const auto auths = document_->json.find("auths");
  if (auths == document_->json.end() || !auths->is_object()) return found;
  std::vector<std::string> keys;
  for (const auto& [key, value] : auths->items()) {
    if (plain_key(key) == one_name(host)) keys.push_back(key);
  }
  for (const std::string& key : keys) auths->erase(key);
  return found || !keys.empty();
}

void AuthFile::save() const {
  std::string path = path_;
  if (open_if_exists(path, O_PATH)) path = real_path(path);
  const SplitPath parts = split_path(path);
  make_directories(std::string(parts.parent), 0700);
  const Fd directory = open_file(std::string(parts.parent), O_RDONLY | O_DIRECTORY);
  const std::string text =
      document_->json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  replace_file_at(directory, std::string(parts.name), text, 0600, Sync::yes);
}

}  // namespace gocker
