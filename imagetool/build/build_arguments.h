// The variables that a stage sees: ARGs by the rules of their scopes, and its ENV.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/variables.h"
#include "oci-spec/image_spec.h"

namespace gocker {

// Those of the whole build: --build-arg, the ARGs before the first FROM, and what is predefined
// (TARGETPLATFORM and its parts, BUILDPLATFORM and its parts; HTTP_PROXY and its kin where given).
class BuildArguments {
 public:
  BuildArguments(std::map<std::string, std::string> given, const oci::Platform& target,
                 const oci::Platform& build);

  // An ARG before the first FROM.
  void declare_global(const std::string& name, const std::optional<std::string>& fallback);
  // What FROM sees.
  std::optional<std::string> global(std::string_view name) const;
  // The value of an ARG in a stage: of the command line, else `fallback`, else the global one.
  std::optional<std::string> value_of(const std::string& name,
                                      const std::optional<std::string>& fallback);
  // "NAME=VALUE" of the proxies that the command line gives: RUN gets them without an ARG.
  std::vector<std::string> proxies();

  // Those of the command line that nothing asked for.
  std::vector<std::string> unused() const;

 private:
  std::map<std::string, std::string> given_;
  std::map<std::string, std::string, std::less<>> predefined_;
  std::map<std::string, std::string, std::less<>> globals_;
  std::set<std::string> used_;
};

// Those of a stage.
struct StageVariables {
  std::map<std::string, std::string, std::less<>> arguments;  // that have a value

  // ENV (`env`: NAME=VALUE) hides an ARG of the same name.
  std::optional<std::string> look_up(std::string_view name,
                                     const std::vector<std::string>& env) const;
};

}  // namespace gocker
