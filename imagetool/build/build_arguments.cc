#include "imagetool/build/build_arguments.h"

#include <algorithm>
#include <array>
#include <utility>

#include "imagetool/platform.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::array kProxies = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"};

bool is_proxy(const std::string& name) {
  return std::any_of(kProxies.begin(), kProxies.end(),
                     [&](const char* proxy) { return name == proxy || name == to_lower(proxy); });
}

}  // namespace

BuildArguments::BuildArguments(std::map<std::string, std::string> given,
                               const oci::Platform& target, const oci::Platform& build)
    : given_(std::move(given)) {
  const auto predefine = [this](const std::string& prefix, const oci::Platform& platform) {
    predefined_[prefix + "PLATFORM"] = to_text(platform);
    predefined_[prefix + "OS"] = platform.os;
    predefined_[prefix + "ARCH"] = platform.architecture;
    predefined_[prefix + "VARIANT"] = platform.variant;
  };
  predefine("TARGET", target);
  predefine("BUILD", build);
}

void BuildArguments::declare_global(const std::string& name,
                                    const std::optional<std::string>& fallback) {
  if (const std::optional<std::string> value = value_of(name, fallback)) globals_[name] = *value;
}

std::optional<std::string> BuildArguments::global(std::string_view name) const {
  for (const auto* values : {&globals_, &predefined_}) {
    const auto found = values->find(name);
    if (found != values->end()) return found->second;
  }
  return std::nullopt;
}

std::optional<std::string> BuildArguments::value_of(const std::string& name,
                                                    const std::optional<std::string>& fallback) {
  const auto given = given_.find(name);
  if (given != given_.end()) {
    used_.insert(name);
    return given->second;
  }
  return fallback ? fallback : global(name);
}

std::vector<std::string> BuildArguments::proxies() {
  std::vector<std::string> variables;
  for (const auto& [name, value] : given_) {
    if (!is_proxy(name)) continue;
    used_.insert(name);
    variables.push_back(std::string(name).append("=").append(value));
  }
  return variables;
}

std::vector<std::string> BuildArguments::unused() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : given_) {
    if (!used_.contains(name) && !is_proxy(name)) names.push_back(name);
  }
  return names;
}

std::optional<std::string> StageVariables::look_up(std::string_view name,
                                                   const std::vector<std::string>& env) const {
  const std::string prefix = std::string(name).append("=");
  for (const std::string& variable : env) {
    if (variable.starts_with(prefix)) return variable.substr(prefix.size());
  }
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace gocker
