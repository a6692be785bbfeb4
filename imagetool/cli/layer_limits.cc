#include "imagetool/cli/layer_limits.h"

#include <limits>

#include "imagetool/bundle/run_options.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

uint64_t count_of(const Arguments& arguments, const Option& option, uint64_t fallback) {
  if (!arguments.has(option.name)) return fallback;
  const std::string text = arguments.value(option.name);
  const auto count = parse_u64(text, std::numeric_limits<int64_t>::max());
  if (count && *count > 0) return *count;
  throw UsageError(std::string("--").append(option.name) + ": '" + text +
                   "' is no number of 1 or more");
}

}  // namespace

LayerLimits layer_limits(const Arguments& arguments) {
  LayerLimits limits;
  limits.entries = count_of(arguments, kLimitEntries, limits.entries);
  limits.ratio = count_of(arguments, kLimitRatio, limits.ratio);
  if (!arguments.has(kLimitBytes.name)) return limits;
  try {
    limits.bytes = static_cast<uint64_t>(parse_memory(arguments.value(kLimitBytes.name)));
  } catch (const Error& error) {
    throw UsageError(std::string("--").append(kLimitBytes.name) + ": " + error.what());
  }
  return limits;
}

}  // namespace gocker::cli
