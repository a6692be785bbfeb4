// A JSON list of strings in a Dockerfile: ["cmd", "argument"].
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

// Nothing where `text` is anything else.
std::optional<std::vector<std::string>> parse_json_words(std::string_view text);

// The list as JSON on one line.
std::string json_words(const std::vector<std::string>& words);

}  // namespace gocker
