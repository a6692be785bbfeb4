#include "imagetool/build/json_words.h"

#include <nlohmann/json.hpp>

#include "oci-spec/error.h"
#include "oci-spec/json_fields.h"
#include "runtime/base/text.h"

namespace gocker {

std::optional<std::vector<std::string>> parse_json_words(std::string_view text) try {
  if (!text.starts_with('[')) return std::nullopt;
  const nlohmann::json list = oci::parse_json(text, "list", oci::kConfigLimits);
  std::vector<std::string> words;
  for (const nlohmann::json& word : list) {
    if (!word.is_string()) return std::nullopt;
    words.push_back(word.get<std::string>());
  }
  return words;
} catch (const oci::SpecError&) {
  return std::nullopt;
}

std::string json_words(const std::vector<std::string>& words) {
  std::string text = "[";
  for (const std::string& word : words) {
    if (text.size() > 1) text += ", ";
    text += json_quote(word);
  }
  return text + "]";
}

}  // namespace gocker
