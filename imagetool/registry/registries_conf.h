// Where a repository is to be had: containers-registries.conf(5), version 2, of which the tables
// [[registry]] (prefix, location, insecure, blocked) and [[registry.mirror]] (location, insecure,
// pull-from-mirror) count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/reference.h"

namespace gocker {

enum class MirrorUse { all, digest_only, tag_only };

struct RegistryMirror {
  std::string location;  // HOST[:PORT][/PATH]
  bool insecure = false;
  MirrorUse use = MirrorUse::all;
};

struct RegistryRule {
  std::string prefix;    // HOST[:PORT][/PATH], or "*.HOST"
  std::string location;  // what the prefix is replaced by; empty: itself
  bool insecure = false;
  bool blocked = false;
  std::vector<RegistryMirror> mirrors;
};

// TLS with good certificates, but plain HTTP to this machine where there are no certificates for
// it; TLS in any case; or TLS with whatever certificate, and plain HTTP where there is no TLS.
enum class Transport { usual, tls, insecure };

// Where a repository's API is.
struct Endpoint {
  std::string host;  // HOST[:PORT] of the API
  std::string path;  // of the repository
  Transport transport = Transport::usual;
  std::string repository() const { return host + "/" + path; }
};

// The rules of one file; throws Error "FILE:LINE: ...".
std::vector<RegistryRule> parse_registries_conf(std::string_view text, std::string_view file);

// The rules of this machine. The file named by $GOCKER_REGISTRIES_CONF or else by
// $CONTAINERS_REGISTRIES_CONF is the only one where it is set; else registries.conf and then
// registries.conf.d/*.conf of ~/.config/containers, where they exist, or of /etc/containers. A
// later rule replaces an earlier one for the same prefix.
std::vector<RegistryRule> load_registries_conf();

// Where to ask for the image, in this order: the mirrors, then the registry itself. The rule with
// the longest prefix decides. Throws where that rule blocks the registry.
std::vector<Endpoint> endpoints_of(const Reference& reference,
                                   const std::vector<RegistryRule>& rules);

}  // namespace gocker
