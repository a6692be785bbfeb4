#include "imagetool/network/name_files.h"

#include <arpa/inet.h>
#include <fcntl.h>

#include <algorithm>
#include <array>

#include "imagetool/network/address.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kHostsFile = "/etc/hosts";
constexpr const char* kResolvConf = "/etc/resolv.conf";
// Where systemd-resolved, which has itself asked at 127.0.0.53, tells whom it asks.
constexpr const char* kResolvedConf = "/run/systemd/resolve/resolv.conf";

std::string content_of(const std::string& path) {
  const Fd file = open_if_exists(path, O_RDONLY);
  return file ? read_all(file, path) : std::string();
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return parse_ipv4(text) || ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7F && c != '#' && c != ';';
  });
}

bool is_on_loopback(std::string_view server) {
  return server.starts_with("127.") || server == "::1";
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// A line of /etc/hosts for "NAME:ADDRESS".
std::string host_line(const std::string& text, uint32_t gateway) {
  const auto refuse = [&](const char* reason) {
    return Error("'" + text + "' is no host to add: " + reason);
  };
  const size_t colon = text.find(':');
  if (colon == std::string::npos || !is_word(text.substr(0, colon))) {
    throw refuse("it takes NAME:ADDRESS");
  }
  std::string address = text.substr(colon + 1);
  if (address == "host-gateway") {
    if (gateway == 0) throw refuse("only a container on a network of its own has a gateway");
    address = ipv4_text(gateway);
  }
  if (!is_address(address)) throw refuse("what follows the name is no address");
  return address + "\t" + text.substr(0, colon) + "\n";
}

std::string names_of(const NameFilesRequest& request) {
  std::string names = request.hostname;
  if (!request.container_name.empty() && request.container_name != request.hostname) {
    names += " " + request.container_name;
  }
  return names;
}

std::string hosts_text(const NameFilesRequest& request) {
  std::string text;
  if (request.kind == NetworkKind::host) {
    text = content_of(kHostsFile);
    if (!text.empty() && text.back() != '\n') text += '\n';
  } else {
    text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    for (const uint32_t address : request.addresses) {
      text += ipv4_text(address) + "\t" + names_of(request) + "\n";
    }
    if (request.addresses.empty()) text += "127.0.0.1\t" + names_of(request) + "\n";
  }
  for (const std::string& host : request.extra_hosts) text += host_line(host, request.gateway);
  return text;
}

ResolvConf hosts_resolv_conf() {
  ResolvConf conf = parse_resolv_conf(content_of(kResolvConf));
  if (conf.servers.empty()) {
    ResolvConf behind = parse_resolv_conf(content_of(kResolvedConf));
    conf.servers = std::move(behind.servers);
  }
  return conf;
}

std::vector<std::string> checked(const std::vector<std::string>& values, const char* kind,
                                 bool (*is_right)(const std::string&)) {
  for (const std::string& value : values) {
    if (!is_right(value)) throw Error("'" + value + "' is no " + kind);
  }
  return values;
}

std::string resolv_conf_text(const NameFilesRequest& request) {
  const bool is_told =
      !request.dns_servers.empty() || !request.dns_search.empty() || !request.dns_options.empty();
  if (request.kind == NetworkKind::host && !is_told) return content_of(kResolvConf);
  const auto is_plain_word = [](const std::string& text) { return is_word(text); };
  ResolvConf conf = hosts_resolv_conf();
  if (!request.name_servers.empty()) {
    conf.servers.clear();
    for (const uint32_t server : request.name_servers) conf.servers.push_back(ipv4_text(server));
  }
  if (!request.dns_servers.empty()) {
    conf.servers = checked(request.dns_servers, "address of a name server", is_address);
  }
  if (!request.dns_search.empty()) {
    conf.search = checked(request.dns_search, "domain to search", is_plain_word);
    std::erase(conf.search, ".");
  }
  if (!request.dns_options.empty()) {
    conf.options = checked(request.dns_options, "option of resolv.conf", is_plain_word);
  }
  return to_text(conf);
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 2) continue;
    if (words[0] == "nameserver" && !is_on_loopback(words[1])) conf.servers.emplace_back(words[1]);
    if (words[0] == "search" || words[0] == "domain") {
      conf.search.assign(words.begin() + 1, words.end());  // the last such line counts
    }
    if (words[0] == "options") {
      conf.options.insert(conf.options.end(), words.begin() + 1, words.end());
    }
  }
  std::erase(conf.search, ".");
  return conf;
}

std::string to_text(const ResolvConf& conf) {
  std::string text;
  for (const std::string& server : conf.servers) text += "nameserver " + server + "\n";
  if (!conf.search.empty()) text += "search " + join(conf.search, " ") + "\n";
  if (!conf.options.empty()) text += "options " + join(conf.options, " ") + "\n";
  return text;
}

NameFiles make_name_files(const NameFilesRequest& request) {
  return {hosts_text(request), request.hostname + "\n", resolv_conf_text(request)};
}

}  // namespace gocker
