// A container's changes as an image.
#pragma once

#include <string>
#include <vector>

#include "imagetool/containers/places.h"
#include "imagetool/layer/apply.h"

namespace gocker {

struct CommitOptions {
  std::string name;  // of the image: a whole reference
  std::string author;
  std::string message;
  std::vector<std::string> changes;  // instructions of a Dockerfile that change no file
  enum class Pause { no, yes } pause = Pause::yes;  // the container, while its files are read
};

// Makes an image of the container's image and one more layer, what the container has changed, but
// for what is mounted in it. Returns the image's digest; what a layer cannot hold is told to
// `notes`. Throws where the container's storage is no overlay.
std::string commit_container(const Places& places, const std::string& id,
                             const CommitOptions& options, Notes& notes);

}  // namespace gocker
