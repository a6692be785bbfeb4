#include "imagetool/registry/tag_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {

void append_tags(std::string_view text, std::vector<std::string>& tags) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw Error("the registry's answer is no JSON object");
  const auto found = json.find("tags");
  if (found == json.end() || found->is_null()) return;
  const auto is_text = [](const nlohmann::json& tag) { return tag.is_string(); };
  if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
    throw Error("the registry's answer has tags that are no list of texts");
  }
  for (const auto& tag : *found) tags.push_back(tag.get<std::string>());
}

std::string next_page(std::string_view link) {
  for (const std::string_view part : split(link, ',')) {
    const size_t start = part.find('<');
    const size_t end = part.find('>');
    if (start == std::string_view::npos || end == std::string_view::npos || end < start) continue;
    const std::string_view parameters = part.substr(end);
    if (parameters.find("rel=\"next\"") == std::string_view::npos &&
        parameters.find("rel=next") == std::string_view::npos) {
      continue;
    }
    const std::string_view address = part.substr(start + 1, end - start - 1);
    const size_t question = address.find('?');
    if (question != std::string_view::npos) return std::string(address.substr(question));
  }
  return {};
}

}  // namespace gocker
