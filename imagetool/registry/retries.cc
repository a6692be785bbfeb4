#include "imagetool/registry/retries.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace gocker {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxFruitless = 4;
constexpr int kMaxTotal = 100;
constexpr milliseconds kFirstDelay{250};
constexpr std::chrono::seconds kMaxDelay{30};

}  // namespace

std::optional<milliseconds> Retries::next(uint64_t progress, std::string_view retry_after) {
  if (progress > progress_) fruitless_ = 0;
  progress_ = progress;
  if (fruitless_ == kMaxFruitless || total_ == kMaxTotal) return std::nullopt;
  const milliseconds delay = kFirstDelay * (1 << fruitless_);
  ++fruitless_;
  ++total_;
  const auto asked = parse_u64(retry_after, 86400);
  if (!asked) return delay;
  return std::min<milliseconds>(std::chrono::seconds(*asked), kMaxDelay);
}

}  // namespace gocker
