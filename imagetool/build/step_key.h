// What a step depends on, as one digest: the key of the layer cache.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/stage_state.h"
#include "imagetool/digest.h"

namespace gocker {

class StepKey {
 public:
  // Begins with the kind of step, the platform and the layers of the stage.
  StepKey(std::string_view kind, const StageState& stage);

  // Parts are told apart by their lengths: no two lists of them give the same key.
  StepKey& add(std::string_view part);
  StepKey& add_all(const std::vector<std::string>& parts);

  std::string finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

}  // namespace gocker
