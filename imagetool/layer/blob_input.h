// The packed bytes of a blob, chunk by chunk: what the decompressors read from.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace gocker {

class BlobInput {
 public:
  explicit BlobInput(const Fd& blob)
      : blob_(blob), buffer_(std::make_unique_for_overwrite<uint8_t[]>(kSize)) {}

  // The next bytes, valid until the next call; empty at the end of the blob.
  std::span<uint8_t> next() {
    const ssize_t got = read_at(position_);
    position_ += got;
    return {buffer_.get(), static_cast<size_t>(got)};
  }

 private:
  static constexpr size_t kSize = 256 << 10;

  ssize_t read_at(off_t position) {
    while (true) {
      const ssize_t got = ::pread(blob_.get(), buffer_.get(), kSize, position);
      if (got >= 0) return got;
      if (errno != EINTR) throw_errno("read");
    }
  }

  const Fd& blob_;
  std::unique_ptr<uint8_t[]> buffer_;
  off_t position_ = 0;
};

}  // namespace gocker
