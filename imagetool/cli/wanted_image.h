// The image that a command was given, in the store with all its layers.
#pragma once

#include <string>

#include "imagetool/pull/pull.h"
#include "imagetool/store/image.h"

namespace gocker::cli {

// Unpacks what `pull --no-unpack` left packed, and layers that were lost.
void unpack_missing(const Store& store, const Image& image);

enum class PullPolicy { missing, always, never };
PullPolicy parse_pull_policy(std::string_view text);

// Pulls the image where the policy says so, telling that on stderr.
Image wanted_image(const Store& store, const std::string& reference, PullPolicy policy,
                   const PullOptions& options);

}  // namespace gocker::cli
