#include "imagetool/registry/refusal.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "imagetool/registry/url.h"

namespace gocker {
namespace {

constexpr size_t kMaxMessage = 300;

// One printable line, whatever the registry wrote.
std::string tame(std::string text) {
  if (text.size() > kMaxMessage) text = text.substr(0, kMaxMessage) + "...";
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text;
}

// {"errors": [{"code": "...", "message": "..."}]}; token servers also write {"details": "..."}.
std::string messages_of(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  std::string text;
  const auto add = [&](const nlohmann::json& object, const char* member) {
    const auto found = object.find(member);
    if (found == object.end() || !found->is_string()) return false;
    if (!text.empty()) text += ", ";
    text += found->get<std::string>();
    return true;
  };
  const auto errors = json.find("errors");
  if (errors == json.end() || !errors->is_array()) {
    add(json, "details") || add(json, "message") || add(json, "error");
    return text;
  }
  for (const auto& error : *errors) {
    if (error.is_object()) add(error, "message") || add(error, "code");
  }
  return text;
}

std::string_view meaning(long status) {
  switch (status) {
    case 401:
      return "not logged in";
    case 403:
      return "access denied";
    case 413:
      return "too large for it";
    case 404:
      return "not found";
    case 429:
      return "too many requests";
    default:
      return {};
  }
}

}  // namespace

std::string describe_refusal(const HttpResponse& response) {
  std::string text =
      "registry " + host_of(response.url) + " answers " + std::to_string(response.status);
  const std::string messages = tame(messages_of(response.body));
  const std::string_view what = messages.empty() ? meaning(response.status) : messages;
  return what.empty() ? text : text.append(": ").append(what);
}

bool is_passing(long status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

}  // namespace gocker
