#include "imagetool/reference.h"

#include <arpa/inet.h>

#include <algorithm>

#include "oci-spec/image_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kDefaultHost = "docker.io";
constexpr size_t kMaxName = 255;
constexpr size_t kMaxTag = 128;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

[[noreturn]] void reject(std::string_view text, std::string_view reason) {
  throw Error(std::string("'").append(text).append("' is no image reference: ").append(reason));
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_path_component(std::string_view part) {
  size_t at = 0;
  while (true) {
    const size_t word = at;
    while (at < part.size() && is_lower_or_digit(part[at])) ++at;
    if (at == word) return false;
    if (at == part.size()) return true;
    const char separator = part[at];
    const size_t start = at;
    while (at < part.size() && part[at] == separator) ++at;
    const size_t count = at - start;
    const bool allowed =
        separator == '-' || (separator == '_' && count <= 2) || (separator == '.' && count == 1);
    if (!allowed) return false;
  }
}

bool is_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > kMaxTag || tag[0] == '.' || tag[0] == '-') return false;
  return std::all_of(tag.begin(), tag.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_ipv6_literal(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  in6_addr address{};
  const std::string text(host.substr(1, host.size() - 2));
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_domain_name(std::string_view host) {
  for (const std::string_view label : split(host, '.')) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    const auto valid = [](char c) { return is_alphanumeric(c) || c == '-'; };
    if (!std::all_of(label.begin(), label.end(), valid)) return false;
  }
  return true;
}

// The host without its port; a colon inside brackets belongs to an address.
std::string_view host_part(std::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  if (bracket != std::string_view::npos && colon < bracket) return host;
  return host.substr(0, colon);
}

void check_host(std::string_view text, std::string_view host) {
  const std::string_view name = host_part(host);
  if (!is_domain_name(name) && !is_ipv6_literal(name)) {
    reject(text, std::string("'").append(host).append("' is no host"));
  }
  if (name.size() == host.size()) return;
  const auto port = parse_u64(host.substr(name.size() + 1), 65535);
  if (!port || *port == 0)
    reject(text, std::string("'").append(host).append("' has no valid port"));
}

// Docker's rule for what comes before the first slash: a host has a dot, a colon or an upper-case
// letter, or is "localhost".
bool looks_like_host(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         to_lower(first) != first;
}

void check_path(std::string_view text, const Reference& reference) {
  for (const std::string_view part : split(reference.path, '/')) {
    if (is_path_component(part)) continue;
    if (part.empty()) reject(text, "a part of its path is empty");
    if (to_lower(part) != part) reject(text, "its path has upper-case letters");
    reject(text, std::string("'").append(part).append(
                     "' is no part of a path (lower-case letters and digits, joined by . _ __ -)"));
  }
  if (reference.repository().size() > kMaxName) reject(text, "longer than 255 characters");
}

}  // namespace

std::string Reference::repository() const {
  return std::string(host).append("/").append(path);
}

std::string Reference::name() const {
  return digest.empty() ? repository().append(":").append(tag)
                        : repository().append("@").append(digest);
}

Reference parse_reference(std::string_view text) {
  Reference reference;
  std::string_view rest = text;
  if (rest.empty()) reject(text, "empty");
  if (rest.find("://") != std::string_view::npos) reject(text, "it starts without a scheme");

  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    reference.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!oci::is_digest(reference.digest)) {
      reject(text, "what follows '@' must be sha256: and 64 hexadecimal digits in lower case");
    }
  }
  const size_t slash = rest.rfind('/');
  const size_t colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(reference.tag)) {
      reject(text, std::string("'")
                       .append(reference.tag)
                       .append("' is no tag (up to 128 letters, digits, _ . -; no . or - first)"));
    }
  }
  const size_t first = rest.find('/');
  const bool has_host = first != std::string_view::npos && looks_like_host(rest.substr(0, first));
  reference.host = has_host ? rest.substr(0, first) : kDefaultHost;
  reference.path = has_host ? rest.substr(first + 1) : rest;
  if (has_host) check_host(text, reference.host);
  if (reference.host == "index.docker.io") reference.host = kDefaultHost;
  if (reference.host == kDefaultHost && reference.path.find('/') == std::string::npos) {
    reference.path.insert(0, "library/");
  }
  check_path(text, reference);
  if (reference.tag.empty() && reference.digest.empty()) {
    reference.tag = "latest";
    reference.tag_left_out = true;
  }
  return reference;
}

bool is_loopback(std::string_view host) {
  const std::string_view name = host_part(host);
  if (to_lower(name) == "localhost" || name == "[::1]") return true;
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(name).c_str(), &address) != 1) return false;
  return (ntohl(address.s_addr) >> 24) == 127;
}

}  // namespace gocker
