// How often and how soon something that failed in passing is tried again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gocker {

class Retries {
 public:
  // How long to wait before the next try; nothing where it is time to give up: after four retries
  // that brought nothing. `progress` is a number that grows as long as tries bring something: where
  // it has grown, the count starts anew (up to a hundred tries in all). `retry_after` is the
  // header's value; more than half a minute is not waited for.
  std::optional<std::chrono::milliseconds> next(uint64_t progress = 0,
                                                std::string_view retry_after = {});

 private:
  int fruitless_ = 0;
  int total_ = 0;
  uint64_t progress_ = 0;
};

}  // namespace gocker
