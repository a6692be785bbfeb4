// Certificates for single registries, in directories as docker and podman have them
// (containers-certs.d): DIR/HOST[:PORT]/*.crt are authorities to be trusted there beside the
// system's, *.cert and *.key of the same name are what we show of ourselves.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gocker {

struct HostCertificates {
  std::string directory;           // where they come from; empty: there are none
  std::string authorities;         // PEM, one after the other
  std::string client_certificate;  // a path; empty: none is shown
  std::string client_key;          // its path
};

class CertificateDirectories {
 public:
  // The usual places, of which the first that knows a host decides: containers/certs.d of the
  // user's configuration, /etc/containers/certs.d, /etc/docker/certs.d.
  CertificateDirectories();

  // What is in `directory` itself counts for `host` ("HOST[:PORT]"), and nothing else.
  void set(const std::string& host, const std::string& directory);

  // Read once. Throws where a file is unreadable or no PEM, and for half of a pair.
  const HostCertificates& find(const std::string& host) const;

 private:
  std::vector<std::string> bases_;
  mutable std::map<std::string, HostCertificates> known_;
};

}  // namespace gocker
