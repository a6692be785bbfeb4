#include "imagetool/build/base_images.h"

#include "imagetool/layer/unpack.h"
#include "imagetool/platform.h"
#include "imagetool/pull/pull.h"
#include "imagetool/reference.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

Progress::Style progress_style(const BuildOptions& options) {
  return options.verbosity == BuildOptions::Verbosity::quiet ? Progress::Style::silent
                                                             : Progress::style_of_stderr();
}

}  // namespace

Image BaseImages::get(const std::string& reference, const std::optional<oci::Platform>& platform) {
  std::optional<Image> image;
  if (options_.pull == BuildOptions::Pull::missing) image = find(reference, platform);
  if (!image) image = pull_image(reference, platform);
  unpack(*image);
  return *image;
}

std::optional<Image> BaseImages::find(const std::string& reference,
                                      const std::optional<oci::Platform>& platform) const {
  std::optional<Image> image;
  try {
    image = find_image(keeper_.store(), reference);
  } catch (const Error&) {
    return std::nullopt;  // absent or damaged: pulling it mends both
  }
  if (platform && fitness(image->config.platform, *platform) == 0) return std::nullopt;
  return image;
}

Image BaseImages::pull_image(const std::string& reference,
                             const std::optional<oci::Platform>& platform) {
  PullOptions options;
  options.platform = platform;
  options.unpack = PullOptions::Unpack::no;
  Progress progress(progress_style(options_));
  const Reference name = parse_reference(reference);
  const std::string digest = pull(keeper_.store(), name, options, progress);
  return load_image(keeper_.store(), name.name(), digest);
}

// The layers' pins come before they are looked for again, so no gc comes between.
void BaseImages::unpack(const Image& image) {
  for (const ImageLayer& layer : image.layers) {
    keeper_.keep(layer.chain_id);
    keeper_.keep(layer.blob.digest);
  }
  Progress progress(progress_style(options_));
  Transaction transaction(keeper_.store());
  for (const std::string& note : unpack_layers(transaction, image)) progress.warn(note);
  transaction.commit();
}

}  // namespace gocker
