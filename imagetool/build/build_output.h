// What a person sees of a build, on stderr: a line a step, notes, warnings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "imagetool/build/build_options.h"

namespace gocker {

class BuildOutput {
 public:
  explicit BuildOutput(BuildOptions::Verbosity verbosity) : verbosity_(verbosity) {}

  void set_total(size_t steps) { total_ = steps; }

  enum class Cached { no, yes };
  // "STEP 3/7: RUN make", with " CACHED" behind it where nothing is done.
  void step(std::string_view instruction, Cached cached = Cached::no);
  // The same for what ONBUILD of a base image adds.
  void trigger(std::string_view instruction, Cached cached);
  // Something is left out or assumed.
  void note(std::string_view text);
  // The same, also where the output is quiet.
  void warn(std::string_view text);

 private:
  void line(std::string_view text) const;

  BuildOptions::Verbosity verbosity_;
  size_t total_ = 0;
  size_t current_ = 0;
};

}  // namespace gocker
