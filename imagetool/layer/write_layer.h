// An overlay layer's directory as the packed layer of an image: the way back of apply.h.
//
// Entries come in the order of their names, so the same tree gives the same bytes. Overlay's
// whiteouts and opaque marks become those of images (image-spec, layer.md, "Representing Changes").
// Files with several names within the tree keep them as hard links.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imagetool/layer/apply.h"
#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

struct LayerBlob {
  std::string digest;  // of the packed bytes
  uint64_t size = 0;   // of the same
  std::string diff_id;
  uint64_t entries = 0;
  std::vector<std::string> left_out;  // sockets, which no layer can hold: paths in the tree
};

// Whether the tree's own attributes are an entry too ("./").
enum class RootEntry { no, yes };

// Reads `tree` (a directory opened for reading) and writes gzip to `file`. Nothing else may change
// the tree meanwhile. Throws for names that begin with ".wh.", which would be whiteouts, and for
// what overlay keeps in attributes alone (redirected directories, files without their content).
LayerBlob write_layer(const Fd& tree, OverlayAttributes overlay_attributes, RootEntry root,
                      const Fd& file);

}  // namespace gocker
