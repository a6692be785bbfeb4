// What docker's option --gpus asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

// One of the three.
struct GpuWish {
  std::vector<std::string> devices;  // by name
  std::optional<uint64_t> count;
  bool all = false;
};

// "all", a number of them, "count=1", "device=0,GPU-5d" (also within quotes, as docker wants it).
// The fields driver and capabilities are left to the devices' files. Throws for all else.
GpuWish parse_gpu_wish(std::string_view text);

}  // namespace gocker
