// The packed bytes of a blob, chunk by chunk: what the decompressors read from.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "imagetool/layer/blob_source.h"

namespace gocker {

class BlobInput {
 public:
  explicit BlobInput(const BlobSource& blob)
      : blob_(blob), buffer_(std::make_unique_for_overwrite<uint8_t[]>(kSize)) {}

  // The next bytes, valid until the next call; empty at the end of the blob.
  std::span<uint8_t> next() {
    const size_t got = blob_.read_at(reinterpret_cast<char*>(buffer_.get()), kSize, position_);
    position_ += got;
    return {buffer_.get(), got};
  }

 private:
  static constexpr size_t kSize = 128 << 10;

  const BlobSource& blob_;
  std::unique_ptr<uint8_t[]> buffer_;
  uint64_t position_ = 0;
};

}  // namespace gocker
