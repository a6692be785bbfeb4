#include "imagetool/cli/wanted_image.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "imagetool/interrupt.h"
#include "imagetool/layer/unpack.h"
#include "imagetool/pull/progress.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/error.h"
#include "runtime/command_line/options.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

std::optional<Image> find_if_present(const Store& store, const std::string& reference) try {
  return find_image(store, reference);
} catch (const Error& error) {
  if (error.code() != ENOENT) throw;
  return std::nullopt;
}

void fetch(const Store& store, const std::string& reference, const PullOptions& options) {
  const InterruptWatch interrupts;
  Progress progress(Progress::style_of_stderr());
  pull(store, parse_reference(reference), options, progress);
}

}  // namespace

void unpack_missing(const Store& store, const Image& image) {
  const auto present = [&](const ImageLayer& layer) { return store.has_layer(layer.chain_id); };
  if (std::all_of(image.layers.begin(), image.layers.end(), present)) return;
  const InterruptWatch interrupts;
  Progress progress(Progress::style_of_stderr());
  Transaction transaction(store);
  for (const std::string& note : unpack_layers(transaction, image)) progress.warn(note);
  transaction.commit();
}

PullPolicy parse_pull_policy(std::string_view text) {
  if (text == "missing") return PullPolicy::missing;
  if (text == "always") return PullPolicy::always;
  if (text == "never") return PullPolicy::never;
  throw UsageError("--pull: '" + std::string(text) + "' is neither missing, always nor never");
}

Image wanted_image(const Store& store, const std::string& reference, PullPolicy policy,
                   const PullOptions& options) {
  std::optional<Image> image;
  if (policy != PullPolicy::always) image = find_if_present(store, reference);
  if (!image && policy != PullPolicy::never) {
    if (policy == PullPolicy::missing) {
      print_error(reference + " is not in the local store, pulling it");
    }
    fetch(store, reference, options);
  }
  if (!image) image = find_image(store, reference);
  unpack_missing(store, *image);
  return std::move(*image);
}

}  // namespace gocker::cli
