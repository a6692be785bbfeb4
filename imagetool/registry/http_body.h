// What is sent along with an HTTP request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "runtime/base/fd.h"

namespace gocker {

// Of a known size. It may be asked for the same bytes again: a redirect, or a kept connection that
// turns out to be dead, makes the transfer begin anew.
struct HttpBody {
  uint64_t size = 0;
  // Puts at most `room` bytes of what stands at `offset` into `buffer` and returns how many: at
  // least one, as long as `offset` is below `size`. What it throws ends the exchange.
  std::function<size_t(uint64_t offset, char* buffer, size_t room)> read;
};

HttpBody text_body(std::string text);

// `size` bytes of the file from `start` on. `file` must outlive it. Throws on reading where the
// file turns out to be shorter.
HttpBody file_body(const Fd& file, uint64_t start, uint64_t size);

}  // namespace gocker
