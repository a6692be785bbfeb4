// Names and ids of what people make: containers, networks, volumes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gocker {

// Letters, digits, '_', '.' and '-', the first one a letter or a digit, at most 128: such a name is
// safe as a file's name.
bool is_object_name(std::string_view name);
// Throws "'...' is no name for a KIND: ...".
void check_object_name(std::string_view name, std::string_view kind);

// So many random hexadecimal digits (an even number).
std::string random_hex(size_t digits);

}  // namespace gocker
