#include "imagetool/registry/url.h"

#include "runtime/base/text.h"

namespace gocker {
namespace {

// What stands between the scheme and the path, without a user's name.
std::string_view authority_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const size_t at = url.rfind('@');
  return at == std::string_view::npos ? url : url.substr(at + 1);
}

bool has_port(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  if (colon == std::string_view::npos) return false;
  return bracket == std::string_view::npos || bracket < colon;
}

}  // namespace

std::string origin_of(std::string_view url) {
  const std::string lower = to_lower(url.substr(0, url.find("://")));
  if (lower != "http" && lower != "https") return {};
  const std::string_view authority = authority_of(url);
  if (authority.empty()) return {};
  std::string origin = lower + "://" + to_lower(authority);
  if (!has_port(authority)) origin += lower == "https" ? ":443" : ":80";
  return origin;
}

std::string host_of(std::string_view url) {
  return std::string(authority_of(url));
}

std::string resolve_url(std::string_view reference, std::string_view base) {
  if (!origin_of(reference).empty()) return std::string(reference);
  const size_t scheme = base.find("://");
  const size_t path = base.find('/', scheme + 3);
  const std::string_view server = base.substr(0, path);
  if (reference.starts_with("//")) {
    return std::string(base.substr(0, scheme + 1)).append(reference);
  }
  if (reference.starts_with('/')) return std::string(server).append(reference);
  const std::string_view whole = base.substr(0, base.find_first_of("?#"));
  if (reference.starts_with('?')) return std::string(whole).append(reference);
  // Another scheme is no relative path.
  if (reference.substr(0, reference.find('/')).find(':') != std::string_view::npos) return {};
  const std::string_view folder =
      path == std::string_view::npos ? server : whole.substr(0, whole.rfind('/'));
  return std::string(folder).append("/").append(reference);
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return encoded;
}

}  // namespace gocker
