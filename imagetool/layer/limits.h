// What a layer may claim at most. A layer comes from a stranger: a few kilobytes can unpack to more
// than a disk holds.
#pragma once

#include <cstdint>

namespace gocker {

struct LayerLimits {
  uint64_t bytes = uint64_t{256} << 30;  // of the tar stream
  uint64_t entries = 4'000'000;          // of the tar stream, whiteouts included
  // A stream that is longer than `free_bytes` may be at most `ratio` times as long as its blob.
  uint64_t ratio = 500;
  uint64_t free_bytes = uint64_t{1} << 30;
};

}  // namespace gocker
