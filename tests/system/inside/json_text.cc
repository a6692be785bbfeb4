#include "tests/system/inside/json_text.h"

#include "runtime/base/text.h"

namespace inside {

std::string json_string(std::string_view text) {
  return gocker::json_quote(text);
}

std::string json_number(long long value) {
  return std::to_string(value);
}

std::string json_bool(bool value) {
  return value ? "true" : "false";
}

std::string json_array(const std::vector<std::string>& elements) {
  return "[" + gocker::join(elements, ",") + "]";
}

std::string json_strings(const std::vector<std::string>& texts) {
  std::vector<std::string> elements;
  elements.reserve(texts.size());
  for (const std::string& text : texts) elements.push_back(json_string(text));
  return json_array(elements);
}

std::string json_object(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<std::string> elements;
  elements.reserve(fields.size());
  for (const auto& [name, value] : fields) elements.push_back(json_string(name) + ":" + value);
  return "{" + gocker::join(elements, ",") + "}";
}

}  // namespace inside
