#include "imagetool/layer/layer_stream.h"

#include <algorithm>
#include <utility>

#include "imagetool/digest.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

uint64_t byte_limit(const BlobSource& blob, const LayerLimits& limits) {
  const uint64_t packed = blob.size();
  const uint64_t by_ratio = packed > UINT64_MAX / limits.ratio ? UINT64_MAX : packed * limits.ratio;
  return std::min(limits.bytes, std::max(limits.free_bytes, by_ratio));
}

}  // namespace

LayerStream::LayerStream(const BlobSource& blob, Compression compression, const LayerLimits& limits)
    : source_(open_decompressor(blob, compression)), max_bytes_(byte_limit(blob, limits)) {
  thread_ = std::thread(&LayerStream::produce, this);
}

LayerStream::~LayerStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::unique_ptr<StreamBlock> LayerStream::next() {
  std::unique_lock lock(mutex_);
  if (queue_.empty()) {
    changed_.wait(lock, [this] { return queue_.size() >= kEnough || ended_; });
  }
  if (!queue_.empty()) {
    std::unique_ptr<StreamBlock> block = std::move(queue_.front());
    queue_.pop_front();
    const bool enough = queue_.size() == kEnough;
    lock.unlock();
    if (enough) changed_.notify_all();
    return block;
  }
  if (failure_) throw_failure();
  return nullptr;
}

// An error of the other thread knows nothing of what this one is doing: made anew, it does.
void LayerStream::throw_failure() const {
  try {
    std::rethrow_exception(failure_);
  } catch (const Error& error) {
    throw Error(error.what(), error.code());
  }
}

void LayerStream::recycle(std::unique_ptr<StreamBlock> block) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < kQueueLength) free_.push_back(std::move(block));
}

std::string LayerStream::finish() {
  while (std::unique_ptr<StreamBlock> block = next()) recycle(std::move(block));
  const std::lock_guard lock(mutex_);
  return digest_;
}

void LayerStream::produce() {
  std::exception_ptr failure;
  try {
    fill_queue();
  } catch (...) {
    failure = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
    ended_ = true;
  }
  changed_.notify_all();
}

void LayerStream::fill_queue() {
  Sha256 hash;
  uint64_t total = 0;
  while (true) {
    std::unique_ptr<StreamBlock> block = fresh_block();
    block->size = source_->read(block->data.data(), StreamBlock::kCapacity);
    if (block->size == 0) break;
    hash.update(block->bytes());
    total += block->size;
    if (total > max_bytes_) {
      throw Error("the layer unpacks to more than " + std::to_string(max_bytes_) +
                  " bytes, the limit for a blob of its size");
    }
    std::unique_lock lock(mutex_);
    if (queue_.size() == kQueueLength) {
      changed_.wait(lock, [this] { return queue_.size() <= kEnough || stop_; });
    }
    if (stop_) return;
    queue_.push_back(std::move(block));
    const bool enough = queue_.size() == kEnough;
    lock.unlock();
    if (enough) changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  digest_ = hash.finish();
}

std::unique_ptr<StreamBlock> LayerStream::fresh_block() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique_for_overwrite<StreamBlock>();
  std::unique_ptr<StreamBlock> block = std::move(free_.back());
  free_.pop_back();
  return block;
}

}  // namespace gocker
