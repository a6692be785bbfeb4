// The packed bytes of a layer's blob, from a file that is whole or from one that is still being
// downloaded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "runtime/base/fd.h"

namespace gocker {

class BlobSource {
 public:
  virtual ~BlobSource() = default;
  // All `size` bytes from `offset` on; fewer only at the blob's end. May wait for them. Throws
  // where they will not come. Several threads may read at once.
  virtual size_t read_at(char* buffer, size_t size, uint64_t offset) const = 0;
  // Of the whole blob, bytes.
  virtual uint64_t size() const = 0;
};

// A blob that is there.
class BlobFile : public BlobSource {
 public:
  explicit BlobFile(Fd file) : file_(std::move(file)) {}
  size_t read_at(char* buffer, size_t size, uint64_t offset) const override;
  uint64_t size() const override;

 private:
  const Fd file_;
};

// A blob that one thread writes to the file while others read what is there already. What they
// read is not checked yet: who uses it must check what comes of it, and wait for the blob's digest.
class GrowingBlob : public BlobSource {
 public:
  // `file` is the one that is written to, `size` what the whole blob will have.
  GrowingBlob(Fd file, uint64_t size) : file_(std::move(file)), size_(size) {}

  size_t read_at(char* buffer, size_t size, uint64_t offset) const override;
  uint64_t size() const override { return size_; }

  // The first `bytes` bytes are in the file. A smaller number than before is fine: a download that
  // starts again writes the same bytes.
  void grow(uint64_t bytes);
  // The rest will not come: whoever waits for it throws.
  void give_up();
  // How far readers have come, bytes.
  uint64_t consumed() const { return consumed_; }

 private:
  const Fd file_;
  const uint64_t size_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t present_ = 0;
  bool given_up_ = false;
  mutable std::atomic<uint64_t> consumed_{0};
};

}  // namespace gocker
