// The texts of a container's /etc/hosts, /etc/hostname and /etc/resolv.conf.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

enum class NetworkKind {
  none,       // nothing but the loopback
  host,       // the host's own
  connected,  // one or more networks (connection.h)
};

struct NameFilesRequest {
  NetworkKind kind = NetworkKind::none;
  std::string hostname;
  std::string container_name;            // empty: none
  std::vector<uint32_t> addresses;       // of the container, that of the first network first
  uint32_t gateway = 0;                  // what "host-gateway" means in extra_hosts; 0: none
  std::vector<uint32_t> name_servers;    // of its networks (Connection::name_servers)
  std::vector<std::string> extra_hosts;  // "NAME:ADDRESS", or "NAME:host-gateway"
  std::vector<std::string> dns_servers;  // --dns: in place of all others
  std::vector<std::string> dns_search;   // --dns-search: in place of the host's; "." alone: none
  std::vector<std::string> dns_options;  // --dns-option: in place of the host's
};

struct NameFiles {
  std::string hosts;
  std::string hostname;
  std::string resolv_conf;
};

// Reads the host's files. Throws for what is no address or no name.
NameFiles make_name_files(const NameFilesRequest& request);

// What a container may use of the host's resolv.conf: all of it but name servers on the loopback
// device, which a namespace of its own does not reach.
struct ResolvConf {
  std::vector<std::string> servers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};
ResolvConf parse_resolv_conf(std::string_view text);
std::string to_text(const ResolvConf& conf);

}  // namespace gocker
