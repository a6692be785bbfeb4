#include "imagetool/layer/unpack.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "imagetool/interrupt.h"
#include "imagetool/layer/decompress.h"
#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/lower_view.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

// Each has a second thread that decompresses (layer_stream.h). More would only make the layers
// wait for each other, and memory grow.
constexpr size_t kMostAtOnce = 2;
// Each remembers what the attributes of its directories are to be.
constexpr size_t kMostFilled = 8;

}  // namespace

// A layer whose entries all are there, and the diff id is right.
struct LayerUnpacking::FilledLayer {
  FilledLayer(LayerDraft new_draft, size_t below, LowerView::Open open,
              OverlayAttributes attributes)
      : draft(std::move(new_draft)),
        lower(below, std::move(open), attributes),
        tree(draft.tree(), lower, attributes) {}

  LayerDraft draft;
  LowerView lower;
  LayerTree tree;
  Notes notes;
};

LayerUnpacking::LayerUnpacking(Transaction& transaction, const Image& image, Sources sources,
                               const LayerLimits& limits)
    : transaction_(transaction),
      image_(image),
      sources_(std::move(sources)),
      limits_(limits),
      states_(image.layers.size(), State::waiting),
      filled_(image.layers.size()),
      notes_(image.layers.size()) {
  size_t missing = 0;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (transaction.has_layer(image.layers[i].chain_id)) {
      states_[i] = State::done;
    } else {
      add_source(image.layers[i].blob);
      ++missing;
    }
  }
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const size_t count = std::min({missing, cores, kMostAtOnce});
  for (size_t i = 0; i < count; ++i) threads_.emplace_back(&LayerUnpacking::work, this);
}

// A blob that is here has grown already; like the others it can be given up while it is read.
void LayerUnpacking::add_source(const oci::Descriptor& blob) {
  if (sources_.contains(blob.digest)) return;
  auto source = std::make_shared<GrowingBlob>(transaction_.open_blob(blob.digest), blob.size);
  source->grow(blob.size);
  sources_.emplace(blob.digest, std::move(source));
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

LayerUnpacking::Progress LayerUnpacking::progress(size_t index) const {
  const auto source = sources_.find(image_.layers[index].blob.digest);
  const uint64_t bytes = source == sources_.end() ? 0 : source->second->consumed();
  const std::lock_guard lock(mutex_);
  return {states_[index], bytes};
}

Notes LayerUnpacking::finish(const std::function<void()>& tick) {
  wait(tick);
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

void LayerUnpacking::wait(const std::function<void()>& tick) {
  constexpr std::chrono::milliseconds kTick{100};  // how soon an interrupt is seen
  const auto is_over = [this] { return stopped_ || complete_layers() == states_.size(); };
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kTick, is_over)) {
    lock.unlock();
    check_interrupt();
    if (tick) tick();
    lock.lock();
  }
}

size_t LayerUnpacking::complete_layers() const {
  const auto is_done = [](State state) { return state == State::done; };
  const auto first = std::find_if_not(states_.begin(), states_.end(), is_done);
  return static_cast<size_t>(first - states_.begin());
}

void LayerUnpacking::work() {
  size_t index = 0;
  while (begin_next(index)) {
    try {
      std::unique_ptr<FilledLayer> layer = fill(index);
      const std::lock_guard lock(mutex_);
      filled_[index] = std::move(layer);
    } catch (...) {
      fail(index);
    }
    settle_filled();
  }
}

bool LayerUnpacking::begin_next(size_t& index) {
  const auto is_filled = [](const auto& layer) { return layer != nullptr; };
  const auto room = [&] {
    return std::count_if(filled_.begin(), filled_.end(), is_filled) <
           static_cast<std::ptrdiff_t>(kMostFilled);
  };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || room(); });
  while (next_ < states_.size() && states_[next_] == State::done) ++next_;
  if (stopped_ || next_ == states_.size()) return false;
  index = next_++;
  states_[index] = State::running;
  return true;
}

std::unique_ptr<LayerUnpacking::FilledLayer> LayerUnpacking::fill(size_t index) {
  const ImageLayer& layer = image_.layers[index];
  const Doing doing("unpack layer", layer.blob.digest);
  auto filled = std::make_unique<FilledLayer>(
      transaction_.draft_layer(), index, [this, index] { return wait_for_layers_below(index); },
      transaction_.store().overlay_attributes());
  LayerStream stream(*sources_.at(layer.blob.digest), compression_of(layer.blob.media_type),
                     limits_);
  const std::string diff_id = apply_entries(stream, filled->tree, limits_, filled->notes);
  if (diff_id != layer.diff_id) {
    throw Error("the unpacked content is " + diff_id + ", but the image says " + layer.diff_id);
  }
  return filled;
}

// Whoever completes a layer goes on with the one above it, if that waits.
void LayerUnpacking::settle_filled() {
  size_t index = 0;
  while (std::unique_ptr<FilledLayer> layer = take_filled(index)) {
    try {
      settle(index, std::move(layer));
    } catch (...) {
      fail(index);
    }
    changed_.notify_all();
  }
}

// The lowest layer that is not complete; nullptr while that is not filled, or another thread has
// taken it.
std::unique_ptr<LayerUnpacking::FilledLayer> LayerUnpacking::take_filled(size_t& index) {
  const std::lock_guard lock(mutex_);
  index = complete_layers();
  if (stopped_ || index == filled_.size()) return nullptr;
  return std::move(filled_[index]);
}

void LayerUnpacking::settle(size_t index, std::unique_ptr<FilledLayer> layer) {
  const Doing doing("unpack layer", image_.layers[index].blob.digest);
  layer->tree.settle();
  transaction_.add_layer(std::move(layer->draft), image_.layers[index].chain_id);
  const std::lock_guard lock(mutex_);
  notes_[index] = std::move(layer->notes);
  states_[index] = State::done;
}

std::vector<Fd> LayerUnpacking::wait_for_layers_below(size_t index) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || complete_layers() >= index; });
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
