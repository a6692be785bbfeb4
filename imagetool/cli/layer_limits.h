// The options that say how much a layer may claim.
#pragma once

#include "imagetool/layer/limits.h"
#include "runtime/command_line/options.h"

namespace gocker::cli {

inline constexpr Option kLimitBytes{"max-layer-size", 0, "SIZE",
                                    "refuse a layer that unpacks to more (default 256g)"};
inline constexpr Option kLimitEntries{"max-layer-entries", 0, "N",
                                      "refuse a layer with more files (default 4000000)"};
inline constexpr Option kLimitRatio{"max-layer-ratio", 0, "N",
                                    "refuse one that grows by more, from 1 GiB on (default 500)"};

// Throws UsageError where a value is no number of 1 or more.
LayerLimits layer_limits(const Arguments& arguments);

}  // namespace gocker::cli
