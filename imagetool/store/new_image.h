// An image put together from layers that a transaction or its store has.
#pragma once

#include <string>
#include <vector>

#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "oci-spec/image_spec.h"

namespace gocker {

// Adds the config, whose diff_ids become those of `layers`, and the manifest, in OCI's media types.
// The transaction's commit takes the result to name the image.
ImageName put_image(Transaction& transaction, const std::string& reference,
                    const std::vector<ImageLayer>& layers, oci::ImageConfig config);

}  // namespace gocker
