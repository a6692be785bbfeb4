#include "imagetool/bundle/run_options.h"

#include <cctype>
#include <limits>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

[[noreturn]] void refuse(std::string_view text, const char* kind, const char* reason) {
  throw Error("'" + std::string(text) + "' is no " + kind + ": " + reason);
}

uint64_t limit_value(std::string_view text, std::string_view whole) {
  if (text == "-1" || text == "unlimited") return std::numeric_limits<uint64_t>::max();
  const std::optional<uint64_t> value = parse_u64(text);
  if (!value) refuse(whole, "limit", "it takes NAME=SOFT or NAME=SOFT:HARD, -1 for none");
  return *value;
}

}  // namespace

oci::Rlimit parse_rlimit(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    refuse(text, "limit", "it takes NAME=SOFT or NAME=SOFT:HARD, such as nofile=1024");
  }
  std::string type = "RLIMIT_";
  for (const char c : text.substr(0, equals)) {
    type += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const std::string_view values = text.substr(equals + 1);
  const size_t colon = values.find(':');
  const uint64_t soft = limit_value(values.substr(0, colon), text);
  const uint64_t hard =
      colon == std::string_view::npos ? soft : limit_value(values.substr(colon + 1), text);
  if (soft > hard) refuse(text, "limit", "the soft limit is above the hard one");
  return {std::move(type), soft, hard};
}

std::pair<std::string, std::string> parse_pair(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    throw Error("'" + std::string(text) + "' is not NAME=VALUE");
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::vector<std::string> parse_env_file(std::string_view content) {
  std::vector<std::string> variables;
  for (std::string_view line : split(content, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trim(line).empty() && line.front() != '#') variables.emplace_back(line);
  }
  return variables;
}

NetworkMode parse_network(std::string_view text) {
  if (text == "none") return NetworkMode::none;
  if (text == "host") return NetworkMode::host;
  refuse(text, "network", "there are none and host");
}

}  // namespace gocker
