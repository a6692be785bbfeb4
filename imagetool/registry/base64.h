// Base64 as passwords are sent and kept (RFC 4648, 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gocker {

// With or without padding; nothing where it is malformed.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace gocker
