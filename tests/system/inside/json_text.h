// JSON built as text: enough for a program that only writes it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inside {

std::string json_string(std::string_view text);
std::string json_number(long long value);
std::string json_bool(bool value);
// The elements and values are JSON texts already.
std::string json_array(const std::vector<std::string>& elements);
std::string json_strings(const std::vector<std::string>& texts);
std::string json_object(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace inside
