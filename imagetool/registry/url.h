// The little that is needed to know of URLs.
#pragma once

#include <string>
#include <string_view>

namespace gocker {

// "https://host:443" in lower case, the port always there; empty where `url` is no absolute http or
// https URL. Two URLs with equal origins are the same server (RFC 6454). User names in URLs are
// not part of it.
std::string origin_of(std::string_view url);

// "host:port" without the scheme, as people write it: the port only where it is given.
std::string host_of(std::string_view url);

// The address that `reference` means in an answer of the absolute URL `base`: absolute itself,
// "//host/path", "/path", or below the base's folder (RFC 3986, 5.2, without dot segments).
std::string resolve_url(std::string_view reference, std::string_view base);

// Everything but letters, digits and -._~ as %XX (RFC 3986).
std::string percent_encode(std::string_view text);

}  // namespace gocker
