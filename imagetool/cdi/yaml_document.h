// YAML, as far as JSON can say the same.
#pragma once

#include <string>
#include <string_view>

namespace gocker {

// One document as JSON text. Plain scalars are read as YAML 1.2's core schema has them, numbers
// with a leading 0 as octal, as file modes are written; what is quoted is a string. Anchors,
// aliases, tags and further documents are refused; errors name `file`, line and column.
std::string json_of_yaml(std::string_view text, std::string_view file);

}  // namespace gocker
