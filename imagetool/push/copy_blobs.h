// The blobs of one image from one repository to another.
#pragma once

#include <set>
#include <string>

#include "imagetool/pull/progress.h"
#include "imagetool/registry/repository.h"
#include "oci-spec/image_spec.h"

namespace gocker {

// What the target has or can mount from the source's repository is not fetched. All else goes
// through files without a name, each until it has arrived. Digests in `done` are passed over, and
// those that were copied join them.
void copy_blobs(Repository& source, Repository& target, const oci::Manifest& manifest,
                std::set<std::string>& done, Progress& progress);

}  // namespace gocker
