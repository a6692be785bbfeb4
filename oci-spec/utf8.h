#pragma once

#include <cstddef>
#include <string_view>

namespace oci {

// Of the character that `text` begins with; 0 where that is no UTF-8 (RFC 3629).
size_t utf8_length(std::string_view text);

}  // namespace oci
