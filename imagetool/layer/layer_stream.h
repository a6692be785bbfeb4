// The tar stream of a layer, unpacked and hashed in a thread of its own while its user works on
// what came before.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/decompress.h"
#include "imagetool/layer/limits.h"

namespace gocker {

// A piece of the stream.
struct StreamBlock {
  static constexpr size_t kCapacity = 128 << 10;
  std::string_view bytes() const { return {data.data(), size}; }

  std::array<char, kCapacity> data;
  size_t size = 0;
};

class LayerStream {
 public:
  // `blob` must outlive the object. Throws where the blob is not what `compression` says.
  LayerStream(const BlobSource& blob, Compression compression, const LayerLimits& limits);
  LayerStream(const LayerStream&) = delete;
  LayerStream& operator=(const LayerStream&) = delete;
  ~LayerStream();

  // The next piece, nullptr at the end of a blob that is whole. Throws where it is damaged or
  // unpacks to more than the limits allow.
  std::unique_ptr<StreamBlock> next();
  // Gives a piece back for reuse; not giving it back is fine.
  void recycle(std::unique_ptr<StreamBlock> block);

  // Reads what is left and returns the digest of the whole stream: the layer's diff id. A tar
  // reader stops at the archive's end mark; the bytes behind it count in the digest all the same.
  std::string finish();

 private:
  static constexpr size_t kQueueLength = 8;
  // Whoever finds the queue empty or full sleeps until it is half full: fewer wake-ups.
  static constexpr size_t kEnough = kQueueLength / 2;

  void produce();
  [[noreturn]] void throw_failure() const;
  void fill_queue();
  std::unique_ptr<StreamBlock> fresh_block();

  std::unique_ptr<Decompressor> source_;
  uint64_t max_bytes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<StreamBlock>> queue_;
  std::vector<std::unique_ptr<StreamBlock>> free_;
  bool stop_ = false;   // the user is gone
  bool ended_ = false;  // no more blocks will come
  std::exception_ptr failure_;
  std::string digest_;
  std::thread thread_;
};

}  // namespace gocker
