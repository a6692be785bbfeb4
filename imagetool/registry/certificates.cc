#include "imagetool/registry/certificates.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr std::string_view kAuthority = ".crt";
constexpr std::string_view kCertificate = ".cert";
constexpr std::string_view kKey = ".key";

std::string user_configuration() {
  const char* configuration = std::getenv("XDG_CONFIG_HOME");
  if (configuration != nullptr && *configuration != '\0') return configuration;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.config";
}

std::string read_pem(const std::string& file) {
  std::string text = read_file(file);
  if (text.find("-----BEGIN ") == std::string::npos) {
    throw Error(file + ": it is no certificate in PEM format");
  }
  if (!text.ends_with('\n')) text.push_back('\n');
  return text;
}

// The first pair in alphabetical order: libcurl shows one.
void add_client_pair(HostCertificates& found, const std::vector<std::string>& names) {
  const auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto require = [&](const std::string& name, const std::string& other) {
    if (has(other)) return;
    throw Error(found.directory + "/" + name + ": " + other + ", the other half of it, is missing");
  };
  for (const std::string& name : names) {
    if (name.ends_with(kKey)) {
      const std::string stem = name.substr(0, name.size() - kKey.size());
      require(name, stem + std::string(kCertificate));
    }
    if (!name.ends_with(kCertificate)) continue;
    const std::string key = name.substr(0, name.size() - kCertificate.size()) + std::string(kKey);
    require(name, key);
    if (!found.client_certificate.empty()) continue;
    found.client_certificate = found.directory + "/" + name;
    found.client_key = found.directory + "/" + key;
    read_pem(found.client_certificate);
    read_pem(found.client_key);
  }
}

HostCertificates read_certificates(const Fd& directory, const std::string& path) {
  HostCertificates found;
  found.directory = path;
  const std::vector<std::string> names = list_directory(directory, path);
  for (const std::string& name : names) {
    if (!name.ends_with(kAuthority)) continue;
    found.authorities += read_pem(std::string(path).append("/").append(name));
  }
  add_client_pair(found, names);
  return found;
}

}  // namespace

CertificateDirectories::CertificateDirectories() {
  const std::string own = user_configuration();
  if (!own.empty()) bases_.push_back(own + "/containers/certs.d");
  bases_.emplace_back("/etc/containers/certs.d");
  bases_.emplace_back("/etc/docker/certs.d");
}

void CertificateDirectories::set(const std::string& host, const std::string& directory) {
  const Doing doing("read certificates");
  known_[host] = read_certificates(open_file(directory, O_RDONLY | O_DIRECTORY), directory);
}

const HostCertificates& CertificateDirectories::find(const std::string& host) const {
  const auto [entry, is_new] = known_.try_emplace(host);
  if (!is_new) return entry->second;
  // A host becomes part of a path: only what can be one.
  const bool is_name = !host.empty() && host[0] != '.' && host.find('/') == std::string::npos;
  const Doing doing("read certificates");
  for (const std::string& base : bases_) {
    if (!is_name) break;
    const std::string path = std::string(base).append("/").append(host);
    const Fd directory = open_if_exists(path, O_RDONLY | O_DIRECTORY);
    if (!directory) continue;
    entry->second = read_certificates(directory, path);
    break;
  }
  return entry->second;
}

}  // namespace gocker
