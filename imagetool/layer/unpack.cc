#include "imagetool/layer/unpack.h"

#include <algorithm>
#include <utility>

#include "imagetool/layer/decompress.h"
#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/lower_view.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

// Each has a second thread that decompresses (layer_stream.h). More would only make the layers
// wait for each other, and memory grow.
constexpr size_t kMostAtOnce = 2;

}  // namespace

LayerUnpacking::LayerUnpacking(Transaction& transaction, const Image& image, Sources sources,
                               const LayerLimits& limits)
    : transaction_(transaction),
      image_(image),
      sources_(std::move(sources)),
      limits_(limits),
      states_(image.layers.size(), State::waiting),
      notes_(image.layers.size()) {
  size_t missing = 0;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (transaction.has_layer(image.layers[i].chain_id)) {
      states_[i] = State::done;
    } else {
      ++missing;
    }
  }
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const size_t count = std::min({missing, cores, kMostAtOnce});
  for (size_t i = 0; i < count; ++i) threads_.emplace_back(&LayerUnpacking::work, this);
}

LayerUnpacking::~LayerUnpacking() {
  stop();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::string LayerUnpacking::failed_blob() const {
  const std::lock_guard lock(mutex_);
  return failed_blob_;
}

size_t LayerUnpacking::finished_layers() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count(states_.begin(), states_.end(), State::done));
}

Notes LayerUnpacking::finish() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (failure_) {
    try {
      std::rethrow_exception(failure_);
    } catch (const Error& error) {
      throw Error(error.what(), error.code());  // made anew, it knows what this thread is doing
    }
  }
  Notes all;
  for (const Notes& notes : notes_) all.insert(all.end(), notes.begin(), notes.end());
  if (all.size() > kMaxNotes) all.resize(kMaxNotes);
  return all;
}

void LayerUnpacking::work() {
  size_t index = 0;
  while (begin_next(index)) {
    try {
      Notes notes;
      unpack(index, notes);
      const std::lock_guard lock(mutex_);
      notes_[index] = std::move(notes);
      states_[index] = State::done;
    } catch (...) {
      fail(index);
    }
    changed_.notify_all();
  }
}

bool LayerUnpacking::begin_next(size_t& index) {
  const std::lock_guard lock(mutex_);
  while (next_ < states_.size() && states_[next_] == State::done) ++next_;
  if (stopped_ || next_ == states_.size()) return false;
  index = next_++;
  return true;
}

void LayerUnpacking::unpack(size_t index, Notes& notes) {
  const ImageLayer& layer = image_.layers[index];
  const Doing doing("unpack layer", layer.blob.digest);
  LayerDraft draft = transaction_.draft_layer();
  const std::string diff_id = apply(index, draft, notes);
  if (diff_id != layer.diff_id) {
    throw Error("the unpacked content is " + diff_id + ", but the image says " + layer.diff_id);
  }
  transaction_.add_layer(std::move(draft), layer.chain_id);
}

std::string LayerUnpacking::apply(size_t index, const LayerDraft& draft, Notes& notes) {
  const oci::Descriptor& blob = image_.layers[index].blob;
  const OverlayAttributes attributes = transaction_.store().overlay_attributes();
  LowerView lower(
      index, [this, index] { return wait_for_layers_below(index); }, attributes);
  const std::shared_ptr<const BlobSource> source = source_of(blob.digest);
  LayerStream stream(*source, compression_of(blob.media_type), limits_);
  return apply_layer(stream, draft.tree(), lower, attributes, limits_, notes);
}

std::shared_ptr<const BlobSource> LayerUnpacking::source_of(const std::string& digest) const {
  const auto growing = sources_.find(digest);
  if (growing != sources_.end()) return growing->second;
  return std::make_shared<BlobFile>(transaction_.open_blob(digest));
}

std::vector<Fd> LayerUnpacking::wait_for_layers_below(size_t index) {
  {
    std::unique_lock lock(mutex_);
    const auto end = states_.begin() + static_cast<std::ptrdiff_t>(index);
    changed_.wait(
        lock, [&] { return stopped_ || std::find(states_.begin(), end, State::waiting) == end; });
    if (stopped_) throw Error("a layer below could not be unpacked");
  }
  std::vector<Fd> trees;
  for (size_t i = 0; i < index; ++i) {
    trees.push_back(transaction_.open_layer(image_.layers[i].chain_id));
  }
  return trees;
}

// What fails after the first failure fails because of it.
void LayerUnpacking::fail(size_t index) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    failure_ = std::current_exception();
    failed_blob_ = image_.layers[index].blob.digest;
  }
  stop();
}

void LayerUnpacking::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (const auto& [digest, source] : sources_) source->give_up();
}

Notes unpack_layers(Transaction& transaction, const Image& image, const LayerLimits& limits) {
  return LayerUnpacking(transaction, image, {}, limits).finish();
}

}  // namespace gocker
