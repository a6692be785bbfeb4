#include "imagetool/build/step_key.h"

#include "imagetool/platform.h"

namespace gocker {
namespace {

constexpr std::string_view kVersion = "gocker build 1";

}  // namespace

StepKey::StepKey(std::string_view kind, const StageState& stage) {
  add(kVersion).add(kind).add(to_text(stage.config.platform));
  add(stage.layers.empty() ? std::string_view() : stage.layers.back().chain_id);
}

StepKey& StepKey::add(std::string_view part) {
  hash_.update(std::to_string(part.size()) + ":");
  hash_.update(part);
  return *this;
}

StepKey& StepKey::add_all(const std::vector<std::string>& parts) {
  add(std::to_string(parts.size()));
  for (const std::string& part : parts) add(part);
  return *this;
}

}  // namespace gocker
