// The options that limit what a container may take, when it is made and later.
#pragma once

#include <array>

#include "imagetool/bundle/resource_limits.h"
#include "imagetool/cli/option_values.h"

namespace gocker::cli {

inline constexpr std::array kLimitOptions = {
    Option{"memory", 'm', "SIZE", "limit: bytes, or with k, m, g"},
    Option{"mem", 0, "SIZE", "the same as --memory"},
    Option{"memory-swap", 0, "SIZE", "limit: memory and swap together; -1 for any amount"},
    Option{"memory-reservation", 0, "SIZE", "what it keeps where memory is short"},
    Option{"cpus", 0, "N", "limit: processors' worth of time, such as 1.5"},
    Option{"cpu-quota", 0, "MICROSECONDS", "the same as time in every period"},
    Option{"cpu-period", 0, "MICROSECONDS", "that period (100000)"},
    Option{"cpu-shares", 0, "N", "share of the processors where they are short (1024 is usual)"},
    Option{"cpuset-cpus", 0, "LIST", "the processors that may be used: 0-2,7"},
    Option{"cpuset-mems", 0, "LIST", "the memory nodes that may be used"},
    Option{"pids", 0, "N", "limit: processes and threads; -1 for any number"},
    Option{"pids-limit", 0, "N", "the same as --pids"},
};

// Throws UsageError.
Limits parse_limits(const Arguments& arguments);

}  // namespace gocker::cli
