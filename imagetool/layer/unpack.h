// The layers of an image as directories of the store, each chain of layers once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "imagetool/layer/apply.h"
#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/limits.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"

namespace gocker {

// Unpacks the layers of an image that neither the store nor the transaction has yet, two at a time,
// in threads of its own. Layers are begun the base first, and need the ones below only where an
// entry speaks of them, for which they wait, and in the last step. A layer that has come so far
// stays there until those below are complete, while its thread begins another.
class LayerUnpacking {
 public:
  // By the digest of the blob; it may still be growing.
  using Sources = std::map<std::string, std::shared_ptr<GrowingBlob>>;

  // Begins. Layers without an entry in `sources` are read from their blobs, which must be there.
  // `transaction` and `image` must outlive the object; the transaction must not be committed before
  // finish().
  LayerUnpacking(Transaction& transaction, const Image& image, Sources sources,
                 const LayerLimits& limits);
  LayerUnpacking(const LayerUnpacking&) = delete;
  LayerUnpacking& operator=(const LayerUnpacking&) = delete;
  // Gives up what is not finished, waiting sources too.
  ~LayerUnpacking();

  // The digest of the first blob that could not be unpacked; empty while there is none. Whether the
  // blob is what its digest says matters more than what is wrong with it.
  std::string failed_blob() const;
  // How far a layer has come; packed bytes of its blob that were read.
  enum class State { waiting, running, done };
  struct Progress {
    State state;
    uint64_t bytes;
  };
  Progress progress(size_t index) const;

  // Waits for all and returns what was left out. Calls `tick`, where given, ten times a second.
  // Throws where a blob is damaged, hostile, or not what its diff id says: "unpack layer
  // sha256:...: ...". The transaction's commit puts the layers into the store.
  Notes finish(const std::function<void()>& tick = {});

 private:
  struct FilledLayer;
  void add_source(const oci::Descriptor& blob);
  void wait(const std::function<void()>& tick);
  void work();
  bool begin_next(size_t& index);
  size_t complete_layers() const;  // the lowest ones; the caller holds mutex_
  std::unique_ptr<FilledLayer> fill(size_t index);
  void settle_filled();
  std::unique_ptr<FilledLayer> take_filled(size_t& index);
  void settle(size_t index, std::unique_ptr<FilledLayer> layer);
  std::vector<Fd> wait_for_layers_below(size_t index);
  void fail(size_t index);
  void stop();

  Transaction& transaction_;
  const Image& image_;
  Sources sources_;
  const LayerLimits limits_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<State> states_;
  std::vector<std::unique_ptr<FilledLayer>> filled_;  // that wait for the layers below
  std::vector<Notes> notes_;
  size_t next_ = 0;  // the first layer that nobody has begun
  bool stopped_ = false;
  std::exception_ptr failure_;
  std::string failed_blob_;
  std::vector<std::thread> threads_;
};

// All of it in one call, from blobs that are there.
Notes unpack_layers(Transaction& transaction, const Image& image, const LayerLimits& limits = {});

}  // namespace gocker
