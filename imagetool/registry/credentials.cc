#include "imagetool/registry/credentials.h"

#include <fcntl.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

using nlohmann::json;

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

[[noreturn]] void malformed(std::string_view file, std::string_view why) {
  throw Error(std::string("read credentials from ").append(file).append(": ").append(why));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// All names of Docker Hub are one: the keys of its credentials differ by tool and age.
std::string one_name(std::string_view host) {
  const bool hub =
      host == "index.docker.io" || host == "registry-1.docker.io" || host == "docker.io";
  return std::string(hub ? "docker.io" : host);
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
const json* best_entry(const json& object, const std::string& repository) {
  const json* best = nullptr;
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

std::string text_member(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::optional<Credentials> from_entry(const json& entry, std::string_view file,
                                      const std::string& repository) {
  if (!entry.is_object()) malformed(file, "the entry for " + repository + " is no object");
  if (!text_member(entry, "identitytoken").empty()) {
    malformed(file, "the entry for " + repository + " is an identity token: not supported");
  }
  Credentials credentials{text_member(entry, "username"), text_member(entry, "password"),
                          std::string(file)};
  const std::string packed = text_member(entry, "auth");
  if (!packed.empty()) {
    const auto pair = decode_base64(packed);
    const size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) {
      malformed(file, "the entry for " + repository + " is no base64 of USER:PASSWORD");
    }
    credentials.user = pair->substr(0, colon);
    credentials.password = pair->substr(colon + 1);
    while (credentials.password.ends_with('\0')) credentials.password.pop_back();
  }
  if (credentials.user.empty()) return std::nullopt;
  return credentials;
}

std::vector<std::string> usual_files() {
  std::vector<std::string> files;
  const std::string home = environment("HOME");
  const std::string runtime = environment("XDG_RUNTIME_DIR");
  const std::string config = environment("XDG_CONFIG_HOME");
  const std::string docker = environment("DOCKER_CONFIG");
  if (!runtime.empty()) files.push_back(runtime + "/containers/auth.json");
  if (!config.empty()) files.push_back(config + "/containers/auth.json");
  if (config.empty() && !home.empty()) files.push_back(home + "/.config/containers/auth.json");
  if (!docker.empty()) files.push_back(docker + "/config.json");
  if (docker.empty() && !home.empty()) files.push_back(home + "/.docker/config.json");
  return files;
}

}  // namespace

std::optional<Credentials> find_credentials(std::string_view text, std::string_view file,
                                            std::string_view host, std::string_view path) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) malformed(file, "it is no JSON object");
  const std::string repository = one_name(host).append("/").append(path);
  const auto auths = document.find("auths");
  const json* entry = auths == document.end() ? nullptr : best_entry(*auths, repository);
  if (entry != nullptr && !entry->empty()) return from_entry(*entry, file, repository);

  const auto helpers = document.find("credHelpers");
  const bool helped = helpers != document.end() && best_entry(*helpers, repository) != nullptr;
  if (helped || (entry != nullptr && document.contains("credsStore"))) {
    malformed(file, "a credential helper keeps those for " + repository +
                        ": not supported (use --creds, or an auth.json of your own)");
  }
  return std::nullopt;
}

std::optional<Credentials> load_credentials(const CredentialSource& source, std::string_view host,
                                            std::string_view path) {
  if (!source.user_and_password.empty()) {
    const size_t colon = source.user_and_password.find(':');
    if (colon == std::string::npos || colon == 0) throw Error("--creds must be USER:PASSWORD");
    return Credentials{source.user_and_password.substr(0, colon),
                       source.user_and_password.substr(colon + 1), "--creds"};
  }
  const std::string named = source.file.empty() ? environment("REGISTRY_AUTH_FILE") : source.file;
  if (!named.empty()) return find_credentials(read_file(named), named, host, path);
  for (const std::string& file : usual_files()) {
    const Fd fd = open_if_exists(file, O_RDONLY);
    if (!fd) continue;
    auto credentials = find_credentials(read_all(fd, file), file, host, path);
    if (credentials) return credentials;
  }
  return std::nullopt;
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = std::string_view(kAlphabet).find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>((bits >> count) & 0xFF));
  }
  if (count >= 6) return std::nullopt;
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) {
      bits = (bits << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > bytes.size();
      text.push_back(padding ? '=' : kAlphabet[(bits >> (18 - 6 * k)) & 63]);
    }
  }
  return text;
}

}  // namespace gocker
