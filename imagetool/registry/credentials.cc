#include "imagetool/registry/credentials.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string docker_file() {
  const std::string docker = environment("DOCKER_CONFIG");
  if (!docker.empty()) return docker + "/config.json";
  const std::string home = environment("HOME");
  return home.empty() ? "" : home + "/.docker/config.json";
}

std::vector<std::string> usual_files() {
  std::vector<std::string> files;
  const std::string home = environment("HOME");
  const std::string runtime = environment("XDG_RUNTIME_DIR");
  const std::string config = environment("XDG_CONFIG_HOME");
  if (!runtime.empty()) files.push_back(runtime + "/containers/auth.json");
  if (!config.empty()) files.push_back(config + "/containers/auth.json");
  if (config.empty() && !home.empty()) files.push_back(home + "/.config/containers/auth.json");
  if (std::string docker = docker_file(); !docker.empty()) files.push_back(std::move(docker));
  return files;
}

std::string named_file(const std::string& named) {
  return named.empty() ? environment("REGISTRY_AUTH_FILE") : named;
}

// Nothing where it does not exist.
std::optional<AuthFile> open_auth_file(const std::string& path) {
  const Fd fd = open_if_exists(path, O_RDONLY);
  if (!fd) return std::nullopt;
  return AuthFile(path, read_all(fd, path));
}

std::optional<Credentials> find_in(const AuthFile& file, const std::string& repository) {
  auto found = file.find(repository);
  if (!found) return std::nullopt;
  return Credentials{std::move(found->user), std::move(found->password), file.path(),
                     std::move(found->identity_token)};
}

}  // namespace

std::vector<AuthFile> auth_files(const std::string& named) {
  std::vector<AuthFile> files;
  const std::string only = named_file(named);
  if (!only.empty()) {
    files.emplace_back(only, read_file(only));
    return files;
  }
  for (const std::string& path : usual_files()) {
    if (auto file = open_auth_file(path)) files.push_back(std::move(*file));
  }
  return files;
}

std::optional<Credentials> load_credentials(const CredentialSource& source, std::string_view host,
                                            std::string_view path) {
  if (!source.user_and_password.empty()) {
    const size_t colon = source.user_and_password.find(':');
    if (colon == std::string::npos || colon == 0) throw Error("--creds must be USER:PASSWORD");
    return Credentials{source.user_and_password.substr(0, colon),
                       source.user_and_password.substr(colon + 1),
                       "--creds",
                       {}};
  }
  std::string repository(host);
  if (!path.empty()) repository.append("/").append(path);
  for (const AuthFile& file : auth_files(source.file)) {
    if (auto found = find_in(file, repository)) return found;
  }
  return std::nullopt;
}

AuthFile auth_file_for_login(const std::string& named, const std::string& host) {
  std::string path = named_file(named);
  if (path.empty()) {
    for (AuthFile& file : auth_files({})) {
      if (file.knows(host)) return std::move(file);
    }
    path = docker_file();
  }
  if (path.empty())
    throw Error("where is the login to be kept? neither $HOME nor --authfile is set");
  auto file = open_auth_file(path);
  return file ? std::move(*file) : AuthFile(path, {});
}

}  // namespace gocker
