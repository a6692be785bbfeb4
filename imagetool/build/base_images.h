// Images that a build begins with or copies from: of the store, or pulled into it.
#pragma once

#include <optional>
#include <string>

#include "imagetool/build/build_options.h"
#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "oci-spec/image_spec.h"

namespace gocker {

class BaseImages {
 public:
  // Both must outlive the object; `keeper` keeps the images' layers from gc until it ends.
  BaseImages(Transaction& keeper, const BuildOptions& options)
      : keeper_(keeper), options_(options) {}

  // The image, unpacked, for `platform` where one is given. Pulls it where the store has none that
  // fits, or where the options say so.
  Image get(const std::string& reference, const std::optional<oci::Platform>& platform);

 private:
  std::optional<Image> find(const std::string& reference,
                            const std::optional<oci::Platform>& platform) const;
  Image pull_image(const std::string& reference, const std::optional<oci::Platform>& platform);
  void unpack(const Image& image);

  Transaction& keeper_;
  const BuildOptions& options_;
};

}  // namespace gocker
