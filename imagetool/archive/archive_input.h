// An archive to be read from its start to its end: a file, or a pipe.
#pragma once

#include <memory>

#include "imagetool/layer/blob_source.h"
#include "runtime/base/fd.h"

namespace gocker {

// A pipe's size is not known: size() is the largest number, so that no limit depends on it. Reading
// from it throws Interrupted where a signal has come.
std::unique_ptr<BlobSource> open_archive(Fd input);

}  // namespace gocker
