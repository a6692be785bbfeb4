// `cp`: files between a container, running or not, and the host.
#pragma once

#include <string>

#include "imagetool/containers/places.h"

namespace gocker {

struct CopyOptions {
  bool keep_owners = false;   // else what is made belongs to root
  bool follow_links = false;  // a source that is a symlink: what it leads to
};

// As cp(1) -r: a directory joins one that is there, or is put below it by its name; of one that is
// written "DIR/." only the content is meant. A path on the host may be relative, one of a container
// starts at its root. "-" on the host is a tar archive on stdout or stdin. Each path is resolved
// below the root that it belongs to, whatever symlinks lead elsewhere.
void copy_from_container(const Places& places, const std::string& id, const std::string& source,
                         const std::string& destination, const CopyOptions& options);
void copy_to_container(const Places& places, const std::string& id, const std::string& source,
                       const std::string& destination, const CopyOptions& options);

}  // namespace gocker
