#include "imagetool/build/json_words.h"

#include "oci-spec/error.h"
#include "oci-spec/json_fields.h"
#include "runtime/base/text.h"

namespace gocker {

std::optional<std::vector<std::string>> parse_json_words(std::string_view text) try {
  if (!text.starts_with('[')) return std::nullopt;
  const oci::JsonDocument list(text, "list", oci::kConfigLimits);
  std::vector<std::string> words;
  for (const oci::JsonValue& item : *list.root().as<oci::JsonList>()) {
    const auto* word = item.as<std::string_view>();
    if (word == nullptr) return std::nullopt;
    words.emplace_back(*word);
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
